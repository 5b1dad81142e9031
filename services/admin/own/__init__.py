"""What somebody does to their own account: settings, the password, and where they are signed in."""
