"""The demo: real requests of our own writing, from the call to the survey."""
