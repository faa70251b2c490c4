"""What a run starts from: images, and what a person draws on them."""
