"""Redis: connections, the one table of keys, scripts."""
