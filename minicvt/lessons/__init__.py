"""What the notebooks share: the library's own source, and answers that are looked at.

======  ==================================================================
show    prints the source of a function or a class, where it is explained
check   says of a learner's function whether it is right, else what is wrong
======  ==================================================================
"""

from minicvt.lessons.checking import check
from minicvt.lessons.showing import show

__all__ = ["check", "show"]
