"""The laws, one subject a file."""
