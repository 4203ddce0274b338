"""What others published: top-1 accuracy on ImageNet-1k, in percent, quoted.

None of it is ours, and nothing here was measured by us: no checkpoint was evaluated.
Numbers are those of the paper or of the authors' own repository; a model appears once
for each size of image and pre-training it has one for.
"""

from __future__ import annotations

from typing import NamedTuple

SOURCES = {
    "CvT": "CvT, arXiv 2103.15808v1, table 3",
    "ViT": "google-research/vision_transformer, README.md, c6de1e5",
    "DeiT": "facebookresearch/deit, README_deit.md, 7e160fe",
    "PVT": "whai362/PVT, classification/README.md, 57e2dfa",
    "T2T": "yitu-opensource/T2T-ViT, README.md, 0f63dc9",
    "CeiT": "coeusguo/ceit, README.md, 44c16d3",
    "CMT": "ggjy/CMT.pytorch, README.md, 07e72b7",
}
"""Where a number was read. Repositories with the commit."""


class Published(NamedTuple):
    """One accuracy: of which variant, at which side of image, where, and how so.

    ``how`` is what sets it apart from training on ImageNet-1k alone, as usual there.
    """

    name: str
    side: int
    top_1: float
    source: str
    how: str = ""


PUBLISHED = (
    Published("cvt-13", 224, 81.6, "CvT"),
    Published("cvt-13", 384, 83.0, "CvT"),
    Published("cvt-13", 384, 83.3, "CvT", "ImageNet-22k"),
    Published("cvt-21", 224, 82.5, "CvT"),
    Published("cvt-21", 384, 83.3, "CvT"),
    Published("cvt-21", 384, 84.9, "CvT", "ImageNet-22k"),
    Published("cvt-w24", 384, 87.7, "CvT", "ImageNet-22k; README: 87.6"),
    Published("vit-ti16", 384, 78.22, "ViT", "ImageNet-21k, AugReg"),
    Published("vit-s16", 384, 83.73, "ViT", "ImageNet-21k, AugReg"),
    Published("vit-b16", 384, 77.9, "CvT"),
    Published("vit-b16", 384, 85.49, "ViT", "ImageNet-21k, AugReg"),
    Published("vit-l16", 384, 76.5, "CvT"),
    Published("vit-l16", 384, 85.59, "ViT", "ImageNet-21k, AugReg"),
    Published("vit-s32", 384, 79.58, "ViT", "ImageNet-21k, AugReg"),
    Published("vit-b32", 384, 83.59, "ViT", "ImageNet-21k, AugReg"),
    Published("deit-tiny", 224, 72.2, "DeiT"),
    Published("deit-small", 224, 79.9, "DeiT"),
    Published("deit-base", 224, 81.8, "DeiT"),
    Published("deit-base", 384, 82.9, "DeiT"),
    Published("deit-tiny-distilled", 224, 74.5, "DeiT"),
    Published("deit-small-distilled", 224, 81.2, "DeiT"),
    Published("deit-base-distilled", 224, 83.4, "DeiT"),
    Published("deit-base-distilled", 384, 85.2, "DeiT", "1000 epochs"),
    Published("pvt-tiny", 224, 75.1, "PVT"),
    Published("pvt-small", 224, 79.8, "PVT"),
    Published("pvt-medium", 224, 81.2, "PVT"),
    Published("pvt-large", 224, 81.7, "PVT"),
    Published("t2t-7", 224, 71.7, "T2T"),
    Published("t2t-10", 224, 75.2, "T2T"),
    Published("t2t-12", 224, 76.5, "T2T"),
    Published("t2t-14", 224, 81.5, "T2T"),
    Published("t2t-14", 384, 83.3, "T2T"),
    Published("t2t-19", 224, 81.9, "T2T"),
    Published("t2t-24", 224, 82.3, "T2T"),
    Published("t2t-t-14", 224, 81.7, "T2T"),
    Published("t2t-t-19", 224, 82.4, "T2T", "paper: 82.2"),
    Published("t2t-t-24", 224, 82.6, "T2T"),
    Published("ceit-tiny", 224, 76.4, "CeiT"),
    Published("ceit-tiny", 384, 78.8, "CeiT"),
    Published("ceit-small", 224, 82.0, "CeiT"),
    Published("ceit-small", 384, 83.3, "CeiT"),
    Published("ceit-base", 224, 82.5, "CeiT", "150 epochs"),
    Published("cmt-ti", 160, 79.0, "CMT", "800 epochs"),
    Published("cmt-xs", 192, 81.8, "CMT", "400 epochs"),
    Published("cmt-s", 224, 83.5, "CMT"),
    Published("cmt-b", 256, 84.5, "CMT"),
    Published("resnet-50", 224, 76.2, "CvT"),
    Published("resnet-101", 224, 77.4, "CvT"),
    Published("resnet-152", 224, 78.3, "CvT"),
)
