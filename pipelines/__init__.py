"""Pure decisions: no celery, redis, openai, environment, clock or file writes."""
