"""The CvTs that have a name."""

from minicvt.models.cvt import CvTConfig

VARIANTS = {
    "cvt-13": CvTConfig("cvt-13"),
    "cvt-21": CvTConfig("cvt-21", depths=(1, 4, 16)),
    "cvt-w24": CvTConfig(
        "cvt-w24",
        dims=(192, 768, 1024),
        depths=(2, 2, 20),
        heads=(3, 12, 16),
        drop_path=(0.0, 0.0, 0.3),
    ),
    "cvt-c8w": CvTConfig(
        "cvt-c8w",
        in_chans=1,
        num_classes=10,
        image=(8, 8),
        dims=(24, 48),
        depths=(1, 1),
        heads=(1, 3),
        embed=((3, 1, 1), (3, 2, 1)),
        mlp_ratios=(2.0,),
        cls=(False, True),
        drop_path=(0.0,),
        activation="gelu",
        init="xavier",
    ),
    "cvt-rgb32": CvTConfig(
        "cvt-rgb32",
        num_classes=10,
        image=(32, 32),
        dims=(16, 32, 64),
        depths=(1, 1, 2),
        heads=(1, 2, 4),
        embed=((3, 2, 1), (3, 2, 1), (3, 1, 1)),
        mlp_ratios=(2.0,),
        drop_path=(0.0,),
        init="xavier",
    ),
}
"""The paper's three models, and two small enough to train while one waits.

c8w is the hello-world one, for 8 x 8 digits; rgb32 has the paper's three stages, on
32 x 32 colour pictures, whose strides 4, 2, 2 would leave 2 x 2 tokens.
"""
