"""PyTorch's answers, kept: what is left to compare with where there is no PyTorch."""
