"""What a document of measurements begins with: who races, and what it rests on."""

from __future__ import annotations

from minicvt.bench.page import Page

WHAT = (
    "CvT-13 and the hello world here, beside the same models of Hugging Face's "
    "transformers in PyTorch and, where there is one to race, in torch.compile and "
    "onnxruntime, on the processor of one machine. A ratio is our time (or memory) "
    "over theirs: 0.50 is half of it, over 1 they are ahead. `make bench` wrote this "
    "page; `minicvt bench --help` says how to ask for less of it, or on other terms."
)
HOW = "What makes it quick"
LEVERS = (
    (
        "one order for everything",
        "Tokens lie channels last from the image to the class, so that a token map "
        "becomes tokens, and heads become tokens again, without a copy.",
        "minicvt/grid.py",
    ),
    (
        "matrix products",
        "Most of the time is theirs. BLAS makes them, or where that is slower a "
        "product in blocks of our own, with the bias in the same pass.",
        "minicvt/kernels/multiplication/compiled.py",
    ),
    (
        "threads",
        "BLAS has one; the others are ours, and wait for the next kernel in compiled "
        "code. In inference a batch is worked on image beside image, so that what an "
        "image needs stays in a cache.",
        "minicvt/threads.py, minicvt/pool.py, minicvt/kernels/team.py, "
        "minicvt/nn/evaluate.py",
    ),
    (
        "attention in tiles",
        "Some queries with all their keys at a time: scores live and die in the "
        "cache, forward and backward.",
        "minicvt/kernels/attention/tiles.py",
    ),
    (
        "fewer passes over memory",
        "The sum of a residual and its LayerNorm, a bias and its GELU, a softmax, "
        "AdamW's whole update: one pass each.",
        "minicvt/kernels/normalization/rows.py, minicvt/kernels/activation/pieces.py, "
        "minicvt/kernels/updates/compiled.py",
    ),
    (
        "vector instructions",
        "exp and erf are polynomials that a loop can run over 16 numbers at once, "
        "and a depthwise window slides over 16 channels in registers.",
        "minicvt/kernels/fastmath.py, minicvt/kernels/depthwise/sliding.py",
    ),
    (
        "freed memory is kept",
        "A step finds the memory of the one before, not empty pages.",
        "minicvt/heap.py",
    ),
    (
        "folding, in inference",
        "`model.fold()` works BatchNorm, scale and biases into the weights, once.",
        "docs/folding.md",
    ),
    (
        "a quick start",
        "Compiled kernels come from a cache, without the compiler.",
        "minicvt/kernels/jit.py",
    ),
)
"""What was done, and the files where it is."""
AGAIN = (
    "Training keeps what is costly and makes again, on the way back, what is cheap: "
    "attention's scores and their softmax (of each row its maximum and its sum are "
    "kept), the sum of an activation's input and bias with the activation's inner "
    "functions, the normalised rows of LayerNorm and BatchNorm (mean and variance are "
    "kept), and the windows of dense convolutions. `minicvt count cvt-13 --image 224 "
    "--backward --bytes` says what is kept."
)


def introduce(page: Page) -> None:
    """Say who races, what it rests on, and what training keeps."""
    page.title(HOW)
    rows = [(what, how, _linked(where)) for what, how, where in LEVERS]
    page.table(("what", "how", "where"), rows)
    page.say(AGAIN)


def _linked(where: str) -> str:
    """Link files as a page in ``docs/`` does."""
    return ", ".join(f"[{file}](../{file})" for file in where.split(", "))
