"""The bridge from a link to Python: which `data-open` link was just followed.

Links stay links (they can be opened in another tab); with the bridge a click costs a rerun instead of a new page.
"""

from __future__ import annotations

from pathlib import Path

from streamlit.components import v2
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest

_NAME = "portal.bridge"


def _register() -> None:
    # Streamlit finds packaged components by pyproject.toml, but only inside the package that is called like its
    # distribution (`appliance`). Handing it the manifest does the same from here, in a wheel and in a clone alike.
    manifest = ComponentManifest("portal", "1", [ComponentConfig("bridge", "bridge")])
    get_bidi_component_manager().register_from_manifest(manifest, Path(__file__).parent)


def followed_link() -> str | None:
    """Draw the bridge (it shows nothing); the `data-open` of the link whose click started this run."""
    if get_bidi_component_manager().get(_NAME) is None:
        _register()
    bridge = v2.component(_NAME, js="bridge.js")
    opened = bridge(key="bridge", on_open_change=lambda: None).open
    return opened if isinstance(opened, str) else None
