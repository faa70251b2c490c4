"""What a run believes, as layers of the viewer."""
