"""Worker processes: started, watched, stopped."""
