"""Inputs and PyTorch's counterpart of every operation, one family a file."""
