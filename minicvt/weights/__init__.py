"""Trained models that come with the library, each with a card that says how.

A card is a JSON file beside the weights: the commands that train and publish it, the
recipe, the accuracy on its held-out images with an interval, and the file's hash.
"""

from minicvt.weights.cards import Card, card, names
from minicvt.weights.shipped import trained

__all__ = ["Card", "card", "names", "trained"]
