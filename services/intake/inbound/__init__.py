"""Messages from outside: reports, commands, and their answers."""
