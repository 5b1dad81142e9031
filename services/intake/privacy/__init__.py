"""Opening persons and what follows from it: who may, how often, what is unusual, and who has seen
whom.
"""
