"""Encoders as the decisions see them, and the search for what is near."""
