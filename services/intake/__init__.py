"""Intake: reports become tickets; callers are recognised, told and asked back."""
