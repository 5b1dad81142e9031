"""What exchanges tell comes in: read, believed of the exchange alone, and kept."""
