"""Checks to run on this library and on your own code."""
