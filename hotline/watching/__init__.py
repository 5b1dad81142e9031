"""Boards of panels, each written once for Grafana and for the terminal."""
