"""What a person makes is in the project file within a second, and comes back from it."""
