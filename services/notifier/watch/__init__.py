"""Alerts of Prometheus: told to whoever answers for the desk, and the silence of alerts noticed."""
