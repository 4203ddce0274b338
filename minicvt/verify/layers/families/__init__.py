"""Inputs, parameters and PyTorch's counterpart of every layer, a family a file."""
