"""May a cached answer serve, what is kept, and what is learned from it."""
