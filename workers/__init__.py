"""Celery and I/O: no thresholds, no arithmetic. The Celery app is ``workers.app``."""
