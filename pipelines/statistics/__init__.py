"""Probabilities, log-odds, intervals."""
