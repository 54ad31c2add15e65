"""The audit log: an RFC 6962 Merkle log with one writer, its export and its verifier."""
