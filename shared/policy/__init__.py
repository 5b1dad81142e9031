"""The policy of a group: its documents read, checked, compared, and in force together. Pure."""
