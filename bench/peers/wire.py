"""How a benchmark speaks with a Python peer: arrays in a folder, one command a line, one line of JSON for each answer."""

import json
import os
import sys
import time

import numpy
import torch

# PyTorch multiplies float32 in fewer bits on GPUs unless it is told not to
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
device = torch.device(os.environ.get("BENCH_TORCH_DEVICE", "cpu"))
if device.type == "cuda" and not torch.cuda.is_available():
    sys.exit("this PyTorch has no CUDA device here")


def read(folder):
    """The plain values and the arrays that the benchmark left in a folder."""
    with open(f"{folder}/index.json") as file:
        index = json.load(file)
    arrays = {
        name: torch.from_numpy(numpy.fromfile(f"{folder}/{name}.f32", dtype=numpy.float32).reshape(shape)).to(device)
        for name, shape in index["shapes"].items()
    }
    return index["values"], arrays


def say(answer):
    print(json.dumps(answer), flush=True)


def synchronise():
    if device.type == "cuda":
        torch.cuda.synchronize()


def serve(folder, step):
    """Answers `once` (results into the folder) and `step` (milliseconds) until the input ends."""
    version = f"torch {torch.__version__}"
    say({"version": f"{version} on {torch.cuda.get_device_name()}" if device.type == "cuda" else version})
    for line in sys.stdin:
        start = time.perf_counter()
        results = step()
        synchronise()
        elapsed = 1e3 * (time.perf_counter() - start)
        if line.strip() == "step":
            say({"ms": elapsed})
            continue
        shapes = {}
        for name, value in results.items():
            array = value.detach().cpu().numpy().astype(numpy.float32)
            array.tofile(f"{folder}/out-{name}.f32")
            shapes[name] = list(array.shape)
        say({"shapes": shapes})
