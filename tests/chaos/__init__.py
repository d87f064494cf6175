"""Breaks a whole fleet on purpose, and counts what its callers saw."""
