"""Pictures of models and of learning: functions that return matplotlib figures.

===================== =========================================================
token_maps            an image, every stage's token map, the answer
class_attention       the class token's attention in the last block, on the image
attention             the same for any stage, block, head and query
training_curve        loss and accuracies over the epochs
confusion_matrix      truth against answer
kv_savings            what strided keys and values save
accuracy_against_macs table 3 of the paper: top-1 as printed, MACs as counted
growth                costs against the side of an image and s, log-log
parts                 parameters and MACs of a model, by part and stage
roofline              where time goes, beside what the machine could do
differences           two models side by side, with what each part costs
gallery               small images with words
matrices              small matrices, their numbers written in
maps                  anything that has a place, side by side
bars                  costs beside each other, and how many times the least
curves                anything over anything, also on logarithmic axes
dots                  values of several runs, with means and intervals
observed              what the first three draw, as arrays
written               a figure in a file, and the line that says so
===================== =========================================================

Each figure has ``alt`` and ``caption``, and shows itself in a notebook.
"""

from minicvt.errors import MissingPackage

try:
    import matplotlib  # noqa: F401 - what all rooms here draw with
except ImportError as error:
    raise MissingPackage(
        "viz draws with matplotlib, which is not installed: "
        'python -m pip install "minicvt[tour]"'
    ) from error

from minicvt.viz.bars import bars
from minicvt.viz.costs import kv_savings
from minicvt.viz.curves import curves, dots
from minicvt.viz.differences import differences
from minicvt.viz.growth import growth
from minicvt.viz.heads import attention, class_attention
from minicvt.viz.learning import confusion_matrix, training_curve
from minicvt.viz.look import Look, observed
from minicvt.viz.maps import maps
from minicvt.viz.matrices import matrices
from minicvt.viz.parts import parts
from minicvt.viz.roofline import roofline
from minicvt.viz.style import Picture
from minicvt.viz.tables import accuracy_against_macs
from minicvt.viz.tiles import gallery
from minicvt.viz.tokens import token_maps
from minicvt.viz.written import written

__all__ = [
    "Look",
    "Picture",
    "accuracy_against_macs",
    "attention",
    "bars",
    "class_attention",
    "confusion_matrix",
    "curves",
    "differences",
    "dots",
    "gallery",
    "growth",
    "kv_savings",
    "maps",
    "matrices",
    "observed",
    "parts",
    "roofline",
    "token_maps",
    "training_curve",
    "written",
]
