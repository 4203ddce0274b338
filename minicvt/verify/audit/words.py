"""What the kill table's two pages say between their tables."""

from __future__ import annotations

TOP = """\
# The kill table

A suite that passes says little until one knows what it would not let pass. Here bugs
are planted in our own pullbacks, in the kernels under them and in the engine, one at a
time, each an edit of one place in the source; and every kind of check is asked whether
it sees it. Kernels are edited as loops and as NumPy: other tests hold the compiled ones
equal to these. `minicvt audit --page docs/kill-table.md` writes this page.

Our suite sees {seen:,} of {bugs:,} bugs. {by_hand} are made by hand: {engine} in the
engine, and for each of {operations} operations at least {least} in code that no other
runs. On the code as it is, {alarms} of {runs:,} runs raise an alarm.

- [What each kind of check catches](#what-each-kind-of-check-catches)
- [What they cannot see](#what-they-cannot-see)
- [With one call, and with {calls}](#with-one-call-and-with-{calls})
- [By family](#by-family)
- [False alarms](#false-alarms)
- [Made by hand](#made-by-hand), every bug
- [Made mechanically](#made-mechanically), every function; every bug is in
  [{mechanical}]({mechanical})
- [Edits that change nothing](#edits-that-change-nothing)"""

CAUGHT = """\
## What each kind of check catches

All checks take the same calls, up to {calls} of each operation (for a bug in the
engine, {engine_calls} of every one), with inputs that break symmetry: gamma is not 1,
maps are not square, kernels and strides differ along the two axes. Checks that take
differences get calls of few entries, off the corners of a function that has some.
The first four are how gradients are checked elsewhere; the others are our suite."""

MISSED = """\
## What they cannot see

Of the {by_hand} bugs made by hand, {unseen} pass all four of the checks from elsewhere.
Who sees nothing, and why:"""

FIRST = """\
## With one call, and with {calls}

Of the bugs made by hand in pullbacks. A check that draws another call each time
catches more; one that always runs on the same small input stays in the first column."""

FAMILIES = """\
## By family

Of the bugs made by hand in pullbacks."""

ALARMS = """\
## False alarms

The same checks on the code as it is."""

HAND = """\
## Made by hand

✓ sees it; · does not run what was edited."""

MECHANICAL = """\
## Made mechanically

Operators exchanged, operands and signs dropped, constants and axes changed,
comparisons turned, sums made means, transposes forgotten, accumulation overwritten: at
every place in the source that runs on the way back, found by watching it run. Left out
are {raising} edits that raise at once, which nobody could overlook, and those of the
next section. Each bug has its row in
[{mechanical}]({mechanical})."""

NOTHING = """\
## Edits that change nothing

{count} edits are no bugs. Each has a reason; and outputs and gradients of {calls} calls
are the same with it as without: to the bit, or to the rounding of a sum."""

SURVIVORS = """\
## Survivors

Our suite does not see these."""

LISTING = """\
# The kill table's mechanical bugs

Edits made without a thought, at every site that runs on the way back; what came of them
is in [{page}]({page}).

In bold the line as it is, under it the edits. ✓ sees it; · does not run what was
edited."""
