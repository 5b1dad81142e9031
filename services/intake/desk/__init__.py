"""What the desk does to a ticket, and who sees it through."""
