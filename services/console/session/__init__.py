"""Signing in at the console, staying and leaving: the browser's cookie and what it stands for."""
