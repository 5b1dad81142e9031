"""Signing in and staying: passwords, second factors, tries."""
