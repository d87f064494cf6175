"""What a question's words say: gates, languages, follow-ups, personal data, tokens."""
