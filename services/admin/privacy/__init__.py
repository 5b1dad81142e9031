"""What people ask about their own data: to have a copy, to have it put right, to have it
erased.
"""
