"""PGD adversarial-training step of an MLP 784-1024-10 in PyTorch: `torch_pgd_train_step.py folder threads`.

The attack takes the gradient with respect to the images only, as `torch.autograd.grad` does it; then forward, backward and
heavy-ball SGD. The noise of the random start is given, so that results can be compared.
"""

import sys

import torch

from wire import read, serve

folder, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
values, arrays = read(folder)
x, noise, labels = arrays["x"], arrays["noise"], arrays["y"].long()
names = ("w0", "b0", "w2", "b2")
params = [arrays[name].clone().requires_grad_() for name in names]
frozen = [p.detach() for p in params]
velocity = [arrays[f"v{name}"].clone() for name in names]
epsilon, size, rate, mu = (values[name] for name in ("epsilon", "stepSize", "rate", "momentum"))


def forward(weights, h):
    w0, b0, w2, b2 = weights
    return torch.addmm(b2, torch.relu(torch.addmm(b0, h, w0)), w2)


def attack():
    point = (x + epsilon * (2 * noise - 1)).clamp(0, 1)
    low, high = (x - epsilon).clamp(min=0), (x + epsilon).clamp(max=1)
    for _ in range(int(values["steps"])):
        point.requires_grad_()
        loss = torch.nn.functional.cross_entropy(forward(frozen, point), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, point)
        with torch.no_grad():
            point = torch.maximum(torch.minimum(point + size * gradient.sign(), high), low)
    return point.detach()


def step():
    loss = torch.nn.functional.cross_entropy(forward(params, attack()), labels)
    gradient = torch.autograd.grad(loss, params)
    results = {"loss": loss}
    with torch.no_grad():
        for name, p, v, g in zip(names, params, velocity, gradient):
            moved = mu * v + g
            results[f"v{name}"] = moved
            results[name] = p - rate * moved
    return results


serve(folder, step)
