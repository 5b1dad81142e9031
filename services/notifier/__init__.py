"""Every message to a person: who gets one, in which words, by which channel, and that once."""
