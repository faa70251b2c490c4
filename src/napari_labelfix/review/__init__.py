"""What a person does with proposals: accept them. Plain numpy; no Qt, no napari."""
