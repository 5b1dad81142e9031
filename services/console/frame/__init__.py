"""What is on every page: its frame, its languages and looks, its guard and its files."""
