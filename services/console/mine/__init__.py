"""What somebody at the desk sees through: calls to make, follow-ups, cases, what is asked of
them.
"""
