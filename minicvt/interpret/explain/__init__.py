"""One picture's attention as a page: any query, head, block and stage.

Python records what a model did (:mod:`.record`) in few bytes (:mod:`.packing`); the
scripts beside it, one for the data, one each for drawing, panels and maps, and one for
what is chosen, draw it in the browser. The page asks nothing of anyone.
"""

from minicvt.interpret.explain.commands import explain, records
from minicvt.interpret.explain.subject import Subject

__all__ = ["Subject", "explain", "records"]
