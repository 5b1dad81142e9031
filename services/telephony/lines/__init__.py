"""Our numbers: what they are, whether they work, and who is told when one does not."""
