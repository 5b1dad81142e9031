"""What went wrong when it was tried from outside: a test a case, with the right value beside it."""
