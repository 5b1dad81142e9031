"""The audit: who opened or changed what, hash-chained per service, heads kept
elsewhere."""

from shared.audit.anchors import NotAnchored
from shared.audit.chain import Anchor, Entry, Link, Subject, UnfitForAudit
from shared.audit.trail import Trail, list_entries
from shared.audit.verify import Terms, Unjudged, Verified, verify
from shared.audit.walk import Damage, Wrong

__all__ = [
    "Anchor",
    "Damage",
    "Entry",
    "Link",
    "NotAnchored",
    "Subject",
    "Terms",
    "Trail",
    "UnfitForAudit",
    "Unjudged",
    "Verified",
    "Wrong",
    "list_entries",
    "verify",
]
