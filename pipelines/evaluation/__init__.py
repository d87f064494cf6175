"""The decisions replayed against labels."""
