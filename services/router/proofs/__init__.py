"""Photos of what was done: taken in, written anew, sealed, and named when the work is resolved."""
