"""Write transformers' CvT as ``model.onnx``: ``python exporting.py FOLDER BATCH SIZE``.

On its own, so that PyTorch's threads are not in the process where onnxruntime's are.
"""

import runpy
import sys
from pathlib import Path

import torch


class Probabilities(torch.nn.Module):
    """The answers that are compared."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, images):
        """Images (B, 3, H, W) to probabilities."""
        return self.model(images).logits.softmax(-1)


def main(folder, batch, size):
    """Trace the model on an image of this size."""
    peer = runpy.run_path(str(Path(__file__).with_name("models.py")))
    model = Probabilities(peer["model_of"](folder)).eval()
    images = torch.zeros(batch, 3, size, size)
    torch.onnx.export(model, (images,), folder / "model.onnx", dynamo=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
