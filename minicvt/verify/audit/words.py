"""What the kill table says between its tables."""

from __future__ import annotations

TOP = """\
# The kill table

A suite that passes says little until one knows what it would not let pass. Here bugs
are planted in our own pullbacks, in the kernels under them and in the engine, one at a
time, each an edit of one place in the source; and every kind of check is asked whether
it sees it. `minicvt audit --page docs/kill-table.md` writes this page.

Of {bugs:,} bugs, {by_hand} of them made by hand, our suite sees {seen:,}."""

CAUGHT = """\
## What each kind of check catches

All checks take the same calls, up to {calls} of each operation (for a bug in the
engine, {engine_calls} of every operation), with inputs that break symmetry: gamma is
not 1, maps are not square, kernels and strides differ along the two axes. Checks that
take differences get calls of few entries, off the corners of a function that has some.
The first four are how gradients are checked elsewhere; the others are our suite."""

MISSED = """\
## What they cannot see

- With a sum as the loss every cotangent is one: a pullback that ignores its cotangent,
  or sends it to the wrong place, passes. The Jacobian of a loss has the same blind
  spot, since its one cotangent is 1.
- Differences have nothing to say in a corner: who gets the gradient where two maxima
  are equal, or a ReLU at 0, only another implementation can tell.
- A single call does not notice that a pullback writes into the cotangent it is given;
  the other branch of a residual does.
- What is wrong on both ways alike, as a window that starts one pixel late, is the right
  derivative of the wrong function.
- No check of single operations sees the walk back: with cotangents passed on too early
  each operation by itself is right, and two residuals in series are wrong."""

FIRST = """\
## With one call, and with {calls}

Of the bugs made by hand in pullbacks. A check that draws another call each time
catches more; one that always runs on the same small input stays in the first column."""

ALARMS = """\
## False alarms

The same checks on the code as it is."""

FAMILIES = """\
## By family

Of the bugs made by hand."""

HAND = """\
## Planted by hand

✓ sees it; · does not run what was edited."""

MECHANICAL = """\
## Planted mechanically

Operators exchanged, operands and signs dropped, constants and axes changed,
comparisons turned, sums made means, transposes forgotten, accumulation overwritten: at
every place in the source that runs on the way back, found by watching it run. In bold
the line as it is, under it the edits. Left out are {raising} that raise at once, which
nobody could overlook, and those of the next section."""

NOTHING = """\
## Edits that change nothing

{count} edits are no bugs: each has a reason, and beside it the largest relative
difference it makes to outputs and gradients in 200 calls."""

SURVIVORS = """\
## Survivors

Our suite does not see these."""
