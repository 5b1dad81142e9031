"""Who the people are whose ids stand everywhere: names for the staff, and nothing to reach them by."""
