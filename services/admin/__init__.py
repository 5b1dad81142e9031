"""People and what they may use: accounts, sessions, second factors, keys of systems, training."""
