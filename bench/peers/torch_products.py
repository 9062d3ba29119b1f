"""Products of square matrices with ReLU between them in PyTorch: `torch_products.py folder threads`."""

import sys

import torch

from wire import read, serve

folder, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
values, arrays = read(folder)
x, w = arrays["x"], arrays["w"]


def step():
    h = x
    for _ in range(int(values["products"])):
        h = torch.relu(h @ w)
    return {"sums": h.sum(1)}


serve(folder, step)
