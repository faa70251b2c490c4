"""From layers to files that other programs read, and back."""
