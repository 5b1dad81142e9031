"""Sessions of browsers, which the console keeps alive: a secret that stays, and short tokens."""
