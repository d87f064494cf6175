"""The demo, its questions and its stand-in model."""
