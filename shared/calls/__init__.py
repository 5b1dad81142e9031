"""Telephone calls: what exchanges tell of them, and what load they are. Pure.

Nothing here knows an exchange, a bus or a store. Facts come in any order and as often as they like;
`fold` makes the same call of them. Times are the exchange's own, durations are seconds.
"""
