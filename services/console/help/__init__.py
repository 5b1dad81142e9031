"""Help: the keys, made of their table."""
