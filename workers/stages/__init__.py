"""What each stage of a job does."""
