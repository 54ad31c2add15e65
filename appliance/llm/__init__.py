"""Chat models: what writes an answer from numbered passages."""
