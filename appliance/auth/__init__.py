"""Who is asking: identity, sessions, and the private socket's operating-system user."""
