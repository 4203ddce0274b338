"""Our party's files: run by :mod:`minicvt.bench.serving`, imported by nobody."""
