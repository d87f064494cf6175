"""Logs and counters, without anybody's text."""
