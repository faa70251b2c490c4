"""Every object of a Labels layer: what is doubtful about it, and what a person decides."""
