"""What the page says; every number in it is filled in when the page is made."""

TITLE = "What {name} attends to"

LEAD = """
Tokens ask each other, and here {answering}. Point at the picture to choose who asks,
and see where its attention goes.
"""

ANSWERING = {
    "tokens": "all of them answer: every token is a key",
    "filtered": "all of them answer: there is a key for every token",
    "strided": "fewer answer than ask: keys are taken with a stride",
    "reduced": "fewer answer than ask: a key stands for a square of tokens",
}

MAPS = """
What each stage made of the picture. Every square is a token. Length is its Euclidean
norm; a component is its score on a principal component of its own map, with the share
of variance that it holds. Every tile has its own scale, written under it: equal colours
in two tiles are not equal values.
"""

WAY = """
What the answer was made of: rollout follows {read}{half} down through all blocks, half
by attention and half by the residual path{keys}, and {below}. {besides}Every value is
a share of the whole; every tile runs from 0 to its own largest. A mark on the bar says
what all would be if they were equal: where it stands far right, the map is flat.
"""

HALF = " (half each, since the answer is the mean of their two heads)"
KEYS_READ = ", from each key to the tokens that its window read"
BELOW = "from the tokens to the pixels through the windows of the embedding{stem}"
BETWEEN = (
    "between stages, and at last to the pixels, through the windows of the "
    "embeddings{stem}"
)
STEM = " and those of the stem"
BESIDES = "What mixes tokens besides is not followed: {what}. "
MIXERS = {
    "query": "the convolutions before the queries",
    "local": "the local perception units",
    "ffn": "the convolutions in the feed-forwards",
    "t2t_transformer": "the attention in the stem, over too many tokens for a page",
    "t2t_performer": "the kernel attention in the stem, which has no map",
}

OTHER = """
The other maps claim to say the same: {stage}attention of the last block alone, and one
that knows no model, each pixel's distance from the mean colour.
"""

LAST_STAGE = "rollout through the last stage alone, "

LAYERS = """
The head attends as well: the last class token asks those after every block, and adds
what it gets to itself. So rollout begins with half of the weights below, the mean over
heads, and the other half after the last block. Even would be {even:.2g}.
"""

READING = """
The large picture is what the model saw, in grey. Over it lie softmax weights: from
clear, none, to orange, the number at the end of the bar. All heads, and both models
where two are shown, share that scale. It ends at the largest weight, or at {flat} times
an even one if that is more, so that flat maps stay pale; "even" marks what every key
would get if attention were spread evenly.

Each cell of the dark grid is a key, drawn as its equal share of the picture. {keys}
The blue frame is the token that asks, and it too has seen more than its frame, through
{before}.
"""

WIDER = (
    "What a key read is larger than its cell: the dashed frame shows the window of the "
    "key that gets most."
)
KEYS = {
    "tokens": "Every token is a key.",
    "filtered": f"There are as many keys as tokens. {WIDER}",
    "strided": f"There are fewer keys than tokens. {WIDER}",
    "reduced": "There are fewer keys than tokens: the dashed frame shows those that "
    "the key which gets most was made of. Where there is none, every token is a key.",
}
CONVOLUTIONS = "the convolutions before it"
ATTENTION = "the attention of the blocks before this one, if there are any"

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
mattered went first. Pointing asks whether the map's peak lies on the digit. {maps} and
contrast are the maps above, the others are controls; brackets are 95 % intervals.
{verdicts}
"""

MAPS_ABOVE = "Rollout, last stage, last block"
MAPS_OF_ONE_STAGE = "Rollout (of one stage, so the last stage's too), last block"

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
