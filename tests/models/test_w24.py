"""CvT-W24, 277 million parameters, on the machine at hand."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

ONE_PICTURE = """
import json, time
from pathlib import Path
import numpy as np
import minicvt as mc

model = mc.models.build("cvt-w24", image=(384, 384))
image = np.random.default_rng(0).normal(size=(1, 384, 384, 3)).astype("float32")
start = time.perf_counter()
probabilities = mc.predict(model, image)
seconds = time.perf_counter() - start
status = dict(line.split(":") for line in Path("/proc/self/status").open())
peak = int(status["VmHWM"].split()[0]) * 1024  # ru_maxrss begins with the parent's
print(json.dumps([probabilities.shape, float(probabilities.sum()), seconds, peak]))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux")
def test_one_picture_of_384(capsys):
    """Weights take 1.03 GiB; the rest of the peak is what one picture needs."""
    command = [sys.executable, "-c", ONE_PICTURE]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    shape, total, seconds, peak = json.loads(run.stdout)
    assert shape == [1, 1000]
    assert total == pytest.approx(1, abs=1e-5)
    assert peak < 2 * 2**30
    with capsys.disabled():
        print(f"\nCvT-W24 at 384: {seconds:.1f} s, peak {peak / 2**30:.2f} GiB")
