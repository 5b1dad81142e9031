"""Who stands for a department when: lists, shifts, leave, and the gaps between them."""
