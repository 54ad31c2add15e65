"""What is relational: registry, sessions, conversations; and the originals on disk."""
