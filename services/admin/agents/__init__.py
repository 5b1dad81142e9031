"""Agents as the desk needs them: training, certificates, languages."""
