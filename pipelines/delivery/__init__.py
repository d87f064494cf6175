"""What becomes of a job on its way: who is to blame for a dead worker, and what may run beside what."""
