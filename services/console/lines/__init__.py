"""Our numbers at the console: whether each works, whom to ring, and what somebody found."""
