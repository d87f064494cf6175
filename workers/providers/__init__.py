"""Calls to models, and the rules' databases."""
