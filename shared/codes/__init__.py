"""What codes are called: one table in both languages, for whatever shows one to people. Pure."""

from shared.codes.table import Name, name_of, names, tables

__all__ = ["Name", "name_of", "names", "tables"]
