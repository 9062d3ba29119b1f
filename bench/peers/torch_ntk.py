"""The empirical kernel of a network in PyTorch with functorch: `torch_ntk.py folder threads`.

As in functorch's own tutorial on neural tangent kernels ("Jacobian contraction"): per-example Jacobians by vmap and jacrev, then
one einsum for each parameter. `structured` is the kernel of dense layers as one would write it by hand.
"""

import sys

import torch
import torch.nn.functional as F

try:
    from torch.func import jacrev, vmap
except ImportError:
    from functorch import jacrev, vmap

from wire import read, serve

folder, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
values, arrays = read(folder)
left, right = arrays.pop("xl"), arrays.pop("xr")
layers = sorted(int(name[1:]) for name in arrays if name[0] == "w")
params = [(arrays[f"w{l}"], arrays[f"b{l}"]) for l in layers]


def network(params, x):
    """One example: dense layers, or 3 × 3 convolutions each followed by relu and 2 × 2 pooling, then a dense layer."""
    if not values["convolutional"]:
        for w, b in params[:-1]:
            x = torch.relu(x @ w + b)
    else:
        x = x[None]
        for w, b in params[:-1]:
            x = F.avg_pool2d(torch.relu(F.conv2d(x, w, b, padding=1)), 2)
        x = x.reshape(-1)
    w, b = params[-1]
    return x @ w + b


def contraction():
    def jacobians(x):
        found = vmap(jacrev(network), (None, 0))(params, x)
        return [leaf.flatten(2) for pair in found for leaf in pair]

    return sum(torch.einsum("noa,mpa->nmop", a, b) for a, b in zip(jacobians(left), jacobians(right)))


def structured():
    def sides(x):
        inputs, slopes = [x], []
        for w, b in params[:-1]:
            pre = torch.addmm(b, inputs[-1], w)
            slopes.append((pre > 0).to(pre.dtype))
            inputs.append(torch.relu(pre))
        outputs = params[-1][0].shape[1]
        deltas = [torch.eye(outputs, device=x.device).expand(len(x), outputs, outputs)]
        for (w, _), slope in zip(reversed(params[1:]), reversed(slopes)):
            deltas.append((deltas[-1] @ w.t()) * slope[:, None])
        return inputs, deltas[::-1]

    kernel = 0
    for h1, h2, d1, d2 in zip(*(part for pair in zip(sides(left), sides(right)) for part in pair)):
        gram = torch.einsum("noi,mpi->nmop", d1, d2)
        kernel = kernel + gram * (1 + h1 @ h2.t())[:, :, None, None]
    return kernel


compute = structured if values["structured"] else contraction
with torch.no_grad():
    serve(folder, lambda: {"kernel": compute()})
