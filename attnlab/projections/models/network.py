"""One attention layer in torch, and its training loop. Import it only where torch is known to be there."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from attnlab.attention import logits, softmax_weights
from attnlab.projections.models.base import Layer, Observed
from attnlab.projections.models.shape import Shape
from attnlab.projections.tasks.base import NOWHERE, Episodes, Task
from attnlab.shapes import Array


def sinusoidal(n: int, m: int) -> Tensor:
    """The positional code of Vaswani et al. 2017, (n, m)."""
    place = torch.arange(n)[:, None]
    rate = torch.exp(-math.log(10_000.0) * 2 * torch.div(torch.arange(m), 2, rounding_mode="floor") / m)
    angle = place * rate
    return torch.where(torch.arange(m) % 2 == 0, angle.sin(), angle.cos())


class Attention(nn.Module):
    """`x_i` is the sum of its features' embeddings and the positional code; `o_h = sum_i a_hi x_i W_V`; the
    answer's logits are `(o_1 ... o_h) W_O U`. The asking token is embedded in the same way."""

    code: Tensor

    def __init__(self, shape: Shape, task: Task) -> None:
        super().__init__()
        m, inner = shape.m, shape.heads
        self.heads = shape.heads
        self.features = nn.ParameterList(
            nn.Parameter(torch.randn(size, m) / math.sqrt(len(task.alphabets))) for size in task.alphabets
        )
        self.to_query = nn.Parameter(torch.randn(m, inner * shape.e) / math.sqrt(m))
        self.to_key = nn.Parameter(torch.randn(m, inner * shape.e) / math.sqrt(m))
        self.to_value = nn.Parameter(torch.randn(m, inner * shape.d) / math.sqrt(m))
        self.to_output = nn.Parameter(torch.randn(inner * shape.d, m) / math.sqrt(inner * shape.d))
        self.unembed = nn.Parameter(torch.randn(m, task.symbols) / math.sqrt(m))
        self.pointer = nn.Parameter(torch.zeros(inner * shape.d, m))
        codes: dict[str, Callable[[int, int], torch.Tensor]] = {
            "none": torch.zeros,
            "sinusoidal": sinusoidal,
            "learned": torch.randn,
        }
        code = codes[shape.encoding](task.n, m)
        if shape.encoding == "learned":
            self.code = nn.Parameter(code)
        else:
            self.register_buffer("code", code)

    def forward(self, symbols: Tensor, query: Tensor, place: Tensor) -> dict[str, Tensor]:
        """symbols (B, n, F), query (B, F), place (B,) -> every stage of the layer.

        The embeddings are projected before they are looked up: rows of the alphabets instead of B n tokens.
        """
        keys = self._looked_up(symbols, self.to_key) + self.code @ self.to_key
        values = self._looked_up(symbols, self.to_value) + self.code @ self.to_value
        asked = self._looked_up(query, self.to_query) + self.code[place] @ self.to_query
        q, k, v = (part.unflatten(-1, (self.heads, -1)) for part in (asked, keys, values))
        q = q / math.sqrt(q.shape[-1])
        weights = torch.einsum("bhe,bnhe->bhn", q, k).softmax(dim=-1)
        output = torch.einsum("bhn,bnhd->bhd", weights, v).flatten(1)
        answer = output @ (self.to_output @ self.unembed)
        return {"queries": q, "keys": k, "values": v, "weights": weights, "output": output, "answer": answer}

    def tokens(self, symbols: Tensor) -> Tensor:
        """The embedded tokens (B, n, m)."""
        return sum((F.embedding(symbols[..., i], table) for i, table in enumerate(self.features)), self.code)

    def _looked_up(self, symbols: Tensor, projection: Tensor) -> Tensor:
        parts = [F.embedding(symbols[..., i], table @ projection) for i, table in enumerate(self.features)]
        return sum(parts[1:], parts[0])


class TorchLayer(Layer):
    """A trained network as numpy sees it, in float64."""

    def __init__(self, network: Attention, device: str) -> None:
        self.network, self.device = network.double().eval(), device

    def __call__(self, episodes: Episodes) -> Observed:
        with torch.no_grad():
            seen = self.network(*_tensors(episodes, self.device))
            tokens = self.network.tokens(torch.as_tensor(episodes.symbols, device=self.device))
        keys, values = _array(seen["keys"]).swapaxes(1, 2), _array(seen["values"]).swapaxes(1, 2)
        queries = _array(seen["queries"])
        scores = logits(queries, keys)
        readout = _array((self.network.to_output @ self.network.unembed).detach())
        return Observed(
            tokens=_array(tokens),
            queries=queries,
            keys=keys,
            values=values,
            weights=softmax_weights(scores, np.ones(scores.shape, dtype=bool)),
            answer=_array(seen["answer"]).argmax(axis=1),
            readout=readout.reshape(queries.shape[1], values.shape[3], -1),
        )


def trained(shape: Shape, task: Task, steps: int, seed: int) -> TorchLayer:
    """The layer after `steps` steps of Adam on fresh episodes; all its randomness comes from the seed."""
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Attention(shape, task).to(shape.device)
    optimiser = torch.optim.Adam(network.parameters(), lr=shape.rate)
    for step in range(steps):
        for group in optimiser.param_groups:  # warms up over a twentieth, then falls linearly to a twentieth
            group["lr"] = shape.rate * min((step + 1) / (shape.steps / 20), max(1 - step / shape.steps, 0.05))
        episodes = task(shape.batch, rng)
        symbols, query, place = _tensors(episodes, shape.device)
        seen = network(symbols, query, place)
        loss = F.cross_entropy(seen["answer"], torch.as_tensor(episodes.answer, device=shape.device))
        if shape.readability:
            loss = loss + _pressure(network, seen, symbols, episodes, shape.readability)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return TorchLayer(network, shape.device)


def _pressure(
    network: Attention, seen: dict[str, Tensor], symbols: Tensor, episodes: Episodes, readability: float
) -> Tensor:
    """What a pointer probe that learns along with the layer adds to its loss.

    The probe (`o^T M x_i`) learns to name the position from outputs it cannot change; the layer, against a
    probe it cannot change, is paid for being read (readability > 0) or for leaving the probe uniform (< 0).
    Uniform is the bounded form of the adversary: maximising the probe's loss would have no end.
    """
    tokens = network.tokens(symbols).detach()
    told = torch.as_tensor(episodes.position, device=tokens.device)
    position = torch.where(told == NOWHERE, seen["weights"].mean(dim=1).argmax(dim=1), told)

    def scores(output: Tensor, matrix: Tensor) -> Tensor:
        return torch.einsum("bm,bnm->bn", output @ matrix, tokens)

    probe = F.cross_entropy(scores(seen["output"].detach(), network.pointer), position)
    read = scores(seen["output"], network.pointer.detach())
    uniform = torch.full_like(read, 1 / read.shape[1])
    layer = F.cross_entropy(read, position if readability > 0 else uniform)
    return probe + abs(readability) * layer


def _tensors(episodes: Episodes, device: str) -> tuple[Tensor, Tensor, Tensor]:
    parts = (episodes.symbols, episodes.query, episodes.place)
    first, second, third = (torch.as_tensor(part, device=device) for part in parts)
    return first, second, third


def _array(tensor: Tensor) -> Array:
    return np.asarray(tensor.cpu().numpy())
