"""Put first on PYTHONPATH, this stops and records every way out that Python code of this process tries.

Records go to the file named by TRAP, one a line. Unix sockets stay open: they do not leave the machine. Connections
made by native code go past an audit hook; strace, where it runs, sees those.
"""

import os
import sys

_RECORD = os.open(os.environ["TRAP"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
_NAMES = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}
_SENDS = {"socket.connect", "socket.sendto", "socket.sendmsg"}


def _stop(event: str, arguments: tuple[object, ...]) -> None:
    leaving = event in _NAMES or (event in _SENDS and isinstance(arguments[1], tuple))
    if leaving:
        where = arguments if event in _NAMES else arguments[1]
        os.write(_RECORD, f"{event} {where}\n".encode())
        raise ConnectionRefusedError(f"stopped by the telemetry check: {event} {where}")


sys.addaudithook(_stop)
