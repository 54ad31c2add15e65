"""The index of chunks: Qdrant in process (edge) or on a server, one interface."""
