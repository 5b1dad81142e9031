"""The record of acts, read by whoever may."""
