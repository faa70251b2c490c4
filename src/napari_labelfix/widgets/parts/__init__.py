"""What docks are made of: frames, messages, forms, keys, plots, and work in a thread."""
