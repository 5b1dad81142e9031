"""What the console asks of the services: one client each, typed as far as a page reads."""
