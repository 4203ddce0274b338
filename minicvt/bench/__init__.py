"""How fast this library is, beside others on the same machine.

Each party is a process of its own (:mod:`minicvt.bench.party`), they take turns
(:mod:`minicvt.bench.pairs`), and what counts is the ratio within a round
(:mod:`minicvt.bench.ratios`). Peers run from files in ``peers/``, which nobody imports.
"""
