"""What the services answer, each thing once, as far as a page reads it."""
