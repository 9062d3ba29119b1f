"""Training step of two convolutions and two dense layers in PyTorch: `torch_cnn_step.py folder threads`."""

import sys

import torch
import torch.nn.functional as F

from wire import read, serve

folder, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
values, arrays = read(folder)
names = ("w1", "b1", "w2", "b2", "w3", "b3", "w4", "b4")
x, y, *start = (arrays[name] for name in ("x", "y", *names))
rate = values["rate"]
params = [p.clone().requires_grad_() for p in start]
labels = y.argmax(1)


def step():
    w1, b1, w2, b2, w3, b3, w4, b4 = params
    h = F.max_pool2d(torch.relu(F.conv2d(x, w1, b1, padding="same")), 2)
    h = F.max_pool2d(torch.relu(F.conv2d(h, w2, b2, padding="same")), 2)
    logits = torch.addmm(b4, torch.relu(torch.addmm(b3, h.flatten(1), w3)), w4)
    loss = F.cross_entropy(logits, labels)
    gradient = torch.autograd.grad(loss, params)
    with torch.no_grad():
        new = [p - rate * g for p, g in zip(params, gradient)]
    return dict(zip(("loss", *names), [loss, *new]))


serve(folder, step)
