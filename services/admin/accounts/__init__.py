"""Accounts: who has one, in which role, how far it reaches."""
