"""What the page says; every number in it is filled in when the page is made."""

TITLE = "A transformer that has just learned to read"

OPENING = """
In {seconds:.0f} seconds on this computer, a Convolutional vision Transformer of
{parameters:,} parameters learned from {learned:,} handwritten digits. It now reads
{accuracy:.1%} of {tested:,} others right. An untrained one reads {untrained:.1%}.
"""

MADE_OF = """
Everything that did this, from the loops of a convolution to the gradients, is Python
that you can read; no deep-learning library was used. Every number and picture on this
page was computed when the page was made.
"""

JOURNEY = """
A vision transformer works on tokens: vectors that each stand for a place in the image.
Here the image becomes {grids}. CvT makes tokens with convolutions, so that neighbours
overlap.

In every stage the tokens ask each other for what they need: that is attention. Before
they ask, a small convolution lets each one see its neighbours; the keys and values that
answer are thinned out by taking every second row and column.

In the last stage a class token, which lies nowhere on the image, asks as well. The
answer is read from it alone.
"""

LOOKING = """
A picture of attention is easily believed. So each digit is shown twice: in the trained
model, and in a control of the same architecture that never learned, initialised from
seed {seed}. What both show comes from the architecture and the image alone.
"""

CHOICE = """
Not chosen by hand: first the mistakes it was surest of, then the first test digits that
it reads right. Every token map has its own scale, written under it; attention goes from
white, 0, to darkest, 1, in all of them.
"""

PAYING = """
A MAC is one multiply-add. These are counted, in integers, from what each model executes
for one image: the model of this page, and {published} as it was published.
"""

SAVING = """
Taking every second row and column leaves about a quarter of the keys, a little more
where the map is odd or the class token is a key too. The whole model saves less than
its attention does, because most of its work is elsewhere.
"""

MAKING = """
`{command}` made it, and beside it `{weights}`: `minicvt.load("{weights}")` gives you
the trained model. Another seed than {seed} splits, initialises and shuffles anew.

`make lab` opens the lessons in JupyterLab; begin with 00. `minicvt --help` lists the
commands.
"""
