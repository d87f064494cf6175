"""The workers' end of the broker: no message is popped before it is in a worker's hand, no dead worker keeps one."""
