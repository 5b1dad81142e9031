"""Contractors: firms outside the group that see just their work, by a signed link."""
