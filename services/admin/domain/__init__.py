"""Rules and values: accounts, passwords, sessions, second factors, keys, profiles. Pure."""
