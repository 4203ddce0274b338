"""The tests of minicvt, one folder a floor."""
