"""A model of minicvt's own: it has the official names and tells everything itself."""

from minicvt import models

FIELDS = ("dims", "depths", "heads", "embed", "mlp_ratios", "kv_stride", "cls")


def build(config, **changes):
    fields = {name: config[name] for name in (*FIELDS, "num_classes")}
    return models.build("cvt-13", dtype="float64", **(fields | changes))
