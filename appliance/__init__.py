"""The service: one question from person to cited answer, with access decided and audited inside it."""

from appliance import silence as silence

__version__ = "0.1.0"
