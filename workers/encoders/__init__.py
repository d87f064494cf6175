"""Text to vectors, on this machine or at a provider."""
