"""The recorded graph, made visible: a row a node, what each keeps, a drawing."""

from minicvt.graph.kept import buffers, owner
from minicvt.graph.tape import Row, Source, Tape, tape

__all__ = ["Row", "Source", "Tape", "buffers", "owner", "tape"]
