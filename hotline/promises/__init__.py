"""The auditor of the promises (design: accepted is kept, done once, told once, deadlines once).

`examine` reads a database and says what is lost, stuck, late, doubled or unknown, by number.
`hotline doctor --promises` runs it; whoever knows more than the database (what senders had
accepted, what receivers really got) hands that in.
"""

from hotline.promises.examine import GRACE, Confirmed, examine
from hotline.promises.findings import Finding, Findings
from hotline.promises.kinds import KINDS, Kind

__all__ = ["GRACE", "KINDS", "Confirmed", "Finding", "Findings", "Kind", "examine"]
