"""Work orders: who gets them, what is done to them, what they cost."""
