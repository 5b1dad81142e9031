"""The operator's command: start the whole hotline on one machine, and look after it."""
