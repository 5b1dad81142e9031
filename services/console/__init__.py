"""The console: the pages of the staff, made of what the services answer. It keeps nothing."""
