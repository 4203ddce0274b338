"""What a model looked at, and how far such maps can be believed."""
