"""``make faults``: the whole hotline under load while its processes, servers and wires break.

Where to begin: `__main__` is the storm: `plan` says what breaks and when, `run` does it, `verdict`
judges what it left behind. `deadlines` lets thousands fall due at once, `documents` asks every
service for what it never expected, `lost` takes the queues away, `week` plays a week of tickets by
moving the clock.
"""
