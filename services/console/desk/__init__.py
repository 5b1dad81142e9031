"""The desk: a call is taken down, and what it would become is said beside it."""
