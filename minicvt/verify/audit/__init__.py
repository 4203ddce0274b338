"""The audit of our own checks: bugs are planted, and who sees them is counted.

=========== ================================================================
mutant      one bug, as an edit of a function's source, and how it is planted
planted     bugs made by hand, a file a family
mechanical  bugs made at every arithmetic site that runs on the way back
reach       which functions those are, and which operations run them
calls       what the checks call operations with
differences how gradients are checked elsewhere
suite       how we check them
checks      all kinds of check, by name
trial       one mutant, and what each check says
run         all of them
equivalents edits that change nothing, and why
totals      what came of all trials
blind       what checks cannot see
shares      tables of how many percent each check catches
rows        tables of bugs, a row each
page        the kill table; its prose is in words
commands    what minicvt audit runs
=========== ================================================================
"""
