"""Policies: drafted, approved by somebody else, in force at a time; or at once, for hours."""
