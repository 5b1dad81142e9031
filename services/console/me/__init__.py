"""What is the reader's own: name, settings, password, and where they are signed in."""
