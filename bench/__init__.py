"""``make bench``: the hotline measured beside the plainest thing that could do the same.

Where to begin: `__main__` lists the parts; each part is a module (`pipeline`, `http`,
`emergencies`, `growth`, `memory`) with a `measure` that starts servers of its own and returns a
`Result`; `plan` holds all numbers, `slices` the arithmetic. What our side is compared with are
`plain` (three processes on aio-pika and Motor) and `raw` (one FastAPI endpoint).
"""
