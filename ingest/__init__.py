"""The way of a document: discovered, converted in a sandbox, split, embedded, handed to the API."""

from appliance import silence as silence
