"""The portal: a Streamlit client of the HTTP API."""

from appliance import silence as silence
