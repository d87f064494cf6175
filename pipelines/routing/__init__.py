"""Which rule, tier, model and provider suffice, and the two ends of a model call."""
