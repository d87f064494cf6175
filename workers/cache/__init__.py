"""The cache in Redis, and this process's view of it."""
