"""The machine that the data lie on: room, certificate, backups."""
