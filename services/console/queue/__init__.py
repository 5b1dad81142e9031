"""The manual queue: what waits for a person's decision, and deciding it."""
