"""The papers' layers written again in PyTorch, from parameters by name.

Each takes the options its layer is made with. Maps are ``(B, H, W, C)``, tokens
``(B, n + HW, C)`` on a ``grid`` with n special ones in front.
"""
