"""What the page says; every number in it is filled in when the page is made."""

TITLE = "What {name} attends to"

LEAD = """
Tokens ask each other, and in CvT fewer answer than ask: keys are taken with a stride.
Point at the picture to choose who asks, and see where its attention goes.
"""

MAPS = """
What each stage made of the picture. Every square is a token. Length is its Euclidean
norm; a component is its score on a principal component of its own map, with the share
of variance that it holds. Every tile has its own scale, written under it: equal colours
in two tiles are not equal values.
"""

WAY = """
What {readout} was made of: rollout follows it down through all blocks, half by
attention and half by the residual path, from each key to the window it read, and
between stages through the windows of the embeddings. Every value is a share of the
whole; every tile runs from 0 to its own largest. A mark on the bar says what all would
be if they were equal: where it stands far right, the map is flat.
"""

OTHER = """
The other maps claim to say the same: rollout through the last stage alone, attention of
the last block alone, and one that knows no model, each pixel's distance from the mean
colour.
"""

READING = """
The large picture is what the model saw, in grey. Over it lie softmax weights: from
clear, none, to orange, the number at the end of the bar. All heads, and both models
where two are shown, share that scale. It ends at the largest weight, or at {flat} times
an even one if that is more, so that flat maps stay pale; "even" marks what every key
would get if attention were spread evenly.

Each cell of the dark grid is a key, drawn as its equal share of the picture. There are
fewer keys than tokens. What a key read is larger than its cell: the dashed frame shows
the window of the key that gets most. The blue frame is the token that asks, and it too
has seen more than its frame, through the convolutions before it.
"""

CAVEAT = """
Attention is where a model read, not why it answered. A model that never learned draws
patterns too, from its architecture and the picture alone: put one beside it before you
believe a map, and another, since single untrained models differ widely. Look at the
number at the end of the bar, and at how many keys hold half of the weight. The mean
over heads hides what one head does.
"""

MEASURED = """
How far such maps can be believed was measured, on {images} held-out images of {task},
for {name}{whose}. Deletion removes patches in a map's order: a low area says that what
mattered went first. Pointing asks whether the map's peak lies on the digit. Rollout,
last stage, last block and contrast are the maps above, the others are controls;
brackets are 95 % intervals. {verdicts}
"""

UNMEASURED = """
How far such maps can be believed has not been measured for these weights: `minicvt
faithful` does that for models that come with the library.
"""

STORED = """
attention in a byte a weight, the root of its share of its row's largest, scaled back to
rows that sum to 1; no weight is further than {error:.1g} from what the model computed.
{thinned}
"""

WHOLE = "Every query and every key is here."
THINNED = "To stay small the page keeps every key, but of the queries only {which}."
