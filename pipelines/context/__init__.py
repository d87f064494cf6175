"""What goes to the model with a question."""
