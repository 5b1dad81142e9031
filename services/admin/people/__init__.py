"""Who stands behind an id: names for the staff, and nothing to reach anybody by."""
