"""How a benchmark speaks with a Python peer: arrays in a folder, one command a line, one line of JSON for each answer."""

import json
import sys
import time

import numpy


def read(folder):
    """The plain values and the arrays that the benchmark left in a folder."""
    with open(f"{folder}/index.json") as file:
        index = json.load(file)
    arrays = {
        name: numpy.fromfile(f"{folder}/{name}.f32", dtype=numpy.float32).reshape(shape)
        for name, shape in index["shapes"].items()
    }
    return index["values"], arrays


def say(answer):
    print(json.dumps(answer), flush=True)


def serve(folder, version, step):
    """Answers `once` (results into the folder) and `step` (milliseconds) until the input ends."""
    say({"version": version})
    for line in sys.stdin:
        start = time.perf_counter()
        results = step()
        elapsed = 1e3 * (time.perf_counter() - start)
        if line.strip() == "step":
            say({"ms": elapsed})
            continue
        shapes = {}
        for name, value in results.items():
            array = value.detach().numpy().astype(numpy.float32)
            array.tofile(f"{folder}/out-{name}.f32")
            shapes[name] = list(array.shape)
        say({"shapes": shapes})
