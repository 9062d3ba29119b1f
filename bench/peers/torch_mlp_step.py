"""MLP training step (forward, cross-entropy, backward, SGD) in PyTorch: `torch_mlp_step.py folder threads`."""

import sys

import torch

from wire import read, serve

folder, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
values, arrays = read(folder)
x, y, *start = (arrays[name] for name in ("x", "y", "w1", "b1", "w2", "b2"))
rate = values["rate"]
params = [p.clone().requires_grad_() for p in start]
labels = y.argmax(1)


def step():
    w1, b1, w2, b2 = params
    logits = torch.addmm(b2, torch.relu(torch.addmm(b1, x, w1)), w2)
    loss = torch.nn.functional.cross_entropy(logits, labels)
    gradient = torch.autograd.grad(loss, params)
    with torch.no_grad():
        new = [p - rate * g for p, g in zip(params, gradient)]
    return dict(zip(("loss", "w1", "b1", "w2", "b2"), [loss, *new]))


serve(folder, step)
