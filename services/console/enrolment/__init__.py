"""What comes before work: the first password, and the second factor where a role needs one."""
