"""Tasks of the desk: look after a ticket by a time (A4.3)."""
