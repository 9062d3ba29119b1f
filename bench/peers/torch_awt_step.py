"""One step of the search for a ticket of LeNet-300-100 in PyTorch: `torch_awt_step.py folder threads`.

The attack on the dense network, a straight-through global top-k, both sides of the kernel, the gradient and Adam. The tangent
kernel is taken as one would by hand for an MLP: forward mode by the product rule, or the explicit kernel layer by layer
through the cheap order of its products. Noise and probes are given, so that results can be compared.
"""

import sys

import torch

from wire import read, serve

folder, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
values, arrays = read(folder)
layers = sorted(int(name[1:]) for name in arrays if name[0] == "w")
weights = [arrays[f"w{l}"] for l in layers]
biases = [arrays[f"b{l}"] for l in layers]
start = torch.cat([arrays[f"s{l}"].reshape(-1) for l in layers])
clean, x, noise, probes = (arrays[name] for name in ("clean", "x", "noise", "probes"))
labels = arrays["y"].long()
epsilon, kept = values["epsilon"], int(values["kept"])
beta1, beta2, tiny, rate = 0.9, 0.999, 1e-8, values["rate"]
sizes = [w.numel() for w in weights]


def forward(ws, h):
    """Logits, the input of every layer and the slope of every relu."""
    inputs, slopes = [], []
    for w, b in zip(ws[:-1], biases[:-1]):
        inputs.append(h)
        pre = torch.addmm(b, h, w)
        slopes.append((pre > 0).to(pre.dtype))
        h = torch.relu(pre)
    inputs.append(h)
    return torch.addmm(biases[-1], h, ws[-1]), inputs, slopes


def attack():
    point = (x + epsilon * (2 * noise - 1)).clamp(0, 1)
    step = 2.5 * epsilon / values["attackSteps"]
    for _ in range(int(values["attackSteps"])):
        point.requires_grad_()
        loss = torch.nn.functional.cross_entropy(forward(weights, point)[0], labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, point)
        with torch.no_grad():
            moved = point + step * gradient.sign()
            point = torch.maximum(torch.minimum(moved, x + epsilon), x - epsilon).clamp(0, 1)
    return point.detach()


def cotangents(ws, slopes, delta):
    """What arrives at the output of every layer, the first layer first."""
    found = [delta]
    for w, slope in zip(reversed(ws[1:]), reversed(slopes)):
        delta = (delta @ w.t()) * (slope if delta.dim() == 2 else slope[:, None])
        found.append(delta)
    return found[::-1]


def probed(ws, masks, adversarial):
    """J(X) diag(m) J(X~)^T V and the outputs on X~."""
    outputs, inputs, slopes = forward(ws, adversarial)
    deltas = cotangents(ws, slopes, probes)
    tangents = [h.t() @ d for h, d in zip(inputs, deltas)]
    if masks is not None:
        tangents = [m * t for m, t in zip(masks, tangents)]
    _, inputs, slopes = forward(ws, clean)
    moved = None
    for l, (w, t, d, h) in enumerate(zip(ws, tangents, deltas, inputs)):
        moved = d.sum(0) + h @ t + (0 if moved is None else moved @ w)
        if l < len(slopes):
            moved = moved * slopes[l]
    return moved, outputs


def explicit(ws, masks, adversarial):
    """The kernel [n, m, o, p] and the outputs on X~."""
    eye = torch.eye(ws[-1].shape[1], device=clean.device)
    outputs, right, right_slopes = forward(ws, adversarial)
    _, left, left_slopes = forward(ws, clean)
    every = eye.expand(len(x), *eye.shape)
    lefts = cotangents(ws, left_slopes, every)
    rights = cotangents(ws, right_slopes, every)
    kernel = 0
    for l, (h1, h2, d1, d2) in enumerate(zip(left, right, lefts, rights)):
        gram = torch.einsum("noi,mpi->nmop", d1, d2)
        if masks is None:
            kernel = kernel + gram * (1 + h1 @ h2.t())[:, :, None, None]
            continue
        pairs = (h1[:, None] * h2[None]).reshape(-1, h1.shape[1]) @ masks[l]
        pairs = pairs.reshape(len(h1), len(h2), 1, -1)
        kernel = kernel + gram + (d1[:, None] * pairs) @ d2[None].transpose(2, 3)
    return kernel, outputs


def distance(a, b):
    return ((a - b) ** 2).sum() / (b**2).sum()


def step():
    transfer = explicit if values["explicit"] else probed
    adversarial = attack()
    with torch.no_grad():
        dense, dense_outputs = transfer(weights, None, adversarial)
        chosen = torch.zeros_like(start).index_fill_(0, torch.topk(start, kept, sorted=False).indices, 1)
    flat = chosen.clone().requires_grad_()
    masks = [part.reshape(w.shape) for part, w in zip(flat.split(sizes), weights)]
    sparse, outputs = transfer([m * w for m, w in zip(masks, weights)], masks, adversarial)
    kernel, output = distance(sparse, dense), distance(outputs, dense_outputs)
    # straight-through: the mask's gradient is the scores'
    (gradient,) = torch.autograd.grad(kernel + values["c"] * output, flat)
    with torch.no_grad():
        first = (1 - beta1) * gradient
        second = (1 - beta2) * gradient**2
        scores = start - rate * (first / (1 - beta1)) / ((second / (1 - beta2)).sqrt() + tiny)
    results = {"kernel": kernel, "output": output, "scores": scores}
    for name, whole in (("mask", chosen), ("moment", first)):
        for l, part, w in zip(layers, whole.split(sizes), weights):
            results[f"{name} of layer {l}"] = part.reshape(w.shape)
    return results


serve(folder, step)
