"""Keys of systems: made, exchanged, taken back."""
