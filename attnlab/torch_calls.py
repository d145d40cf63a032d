"""What PyTorch's attention functions are asked while a model runs: the one module of recording with torch."""

from __future__ import annotations

import contextlib
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from torch.nn.attention.bias import CausalBias, CausalVariant
from torch.overrides import TorchFunctionMode

from attnlab.inputs.masks import MINUS

ATTENTION = functional.scaled_dot_product_attention
NESTED = (
    "record: expected texts of one length, padded and masked, got a nested tensor: record them one by one"
)
NO_NUMBERS = (
    "record: expected tensors that hold numbers, got one that holds none, as on the device `meta` or inside "
    "torch.vmap: record the model on the CPU or a GPU, with a batch in place of vmap"
)


@dataclass(frozen=True)
class Call:
    """One call of attention, on the CPU.

    queries (..., H, r, e), keys (..., K, n, e) and values (..., K, n, d), K heads that divide H, in the float
    type they came in; scale: logits are `scale * q.k`; visible (..., H, r, n), True where a row sees a position;
    bias: what is added to the logits besides, or None.
    """

    queries: torch.Tensor
    keys: torch.Tensor
    values: torch.Tensor
    scale: float
    visible: torch.Tensor
    bias: torch.Tensor | None

    @property
    def shape(self) -> tuple[object, ...]:
        """What calls have in common that lie in one file: their axes, float type and scale."""
        arrays = (self.queries, self.keys, self.values)
        return (*(tuple(each.shape) for each in arrays), self.values.dtype, self.scale, self.bias is None)

    def weights(self) -> torch.Tensor:
        """The softmax weights (..., H, r, n) in float64; a row that sees nothing has none, and is 0."""
        shared = self.queries.shape[-3] // self.keys.shape[-3]
        keys = self.keys.double().repeat_interleave(shared, dim=-3)
        logits = self.scale * self.queries.double() @ keys.transpose(-1, -2)
        logits = logits if self.bias is None else logits + self.bias.double()
        return torch.nan_to_num(logits.masked_fill(~self.visible, -math.inf).softmax(dim=-1))


class _Watching(TorchFunctionMode):
    """Sees each call of attention before it is answered, whatever name it was imported by."""

    def __init__(self, calls: list[Call]) -> None:
        super().__init__()
        self.calls = calls

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        named = dict(kwargs or {})
        if func is ATTENTION:
            self.calls.append(_call(*args, **named))
        elif func is functional.multi_head_attention_forward:
            self._ask_within(inspect.signature(func).bind(*args, **named).arguments)
        return func(*args, **named)

    def _ask_within(self, asked: Mapping[str, Any]) -> None:
        """See the attention inside `multi_head_attention_forward`, which goes another road with need_weights.

        It is called once more without, and without dropout: the model gets the answer of its own call, and its
        random numbers stay where they are. Inside a call that a mode sees, no mode sees anything, so a name is
        replaced.
        """

        def seen(*args: Any, **named: Any) -> torch.Tensor:
            self.calls.append(_call(*args, **named))
            return ATTENTION(*args, **named)

        with torch.no_grad(), mock.patch.object(functional, "scaled_dot_product_attention", seen):
            functional.multi_head_attention_forward(**{**asked, "need_weights": False, "training": False})


def watching(calls: list[Call]) -> contextlib.AbstractContextManager[Any]:
    """While it is open, every call of attention is noted in `calls`."""
    return _Watching(calls)


def _call(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Call:
    """The arguments of `scaled_dot_product_attention`, by its names; its weights are those before dropout."""
    q, k, v = map(_copied, (query, key, value))
    q, k, v = (each[None] if each.ndim == 2 else each for each in (q, k, v))
    heads = k.shape[-3] if enable_gqa else q.shape[-3]
    k, v = (each.expand(*q.shape[:-3], heads, *each.shape[-2:]) for each in (k, v))
    rows, n = q.shape[-2], k.shape[-2]
    visible, bias = torch.ones(rows, n, dtype=torch.bool), None
    if is_causal:
        visible = visible.tril()
    if isinstance(attn_mask, CausalBias):  # a rule: the numbers of this tensor are never set
        lower = attn_mask.variant == CausalVariant.LOWER_RIGHT
        visible = visible.tril(n - rows if lower else 0)
    elif attn_mask is not None:
        mask = attn_mask.detach().cpu()
        seen = mask if mask.dtype == torch.bool else mask > MINUS
        visible = visible & seen
        if mask.dtype != torch.bool and bool((mask[seen] != 0).any()):
            bias = mask.clone().expand(*q.shape[:-1], n)
    return Call(
        queries=q,
        keys=k,
        values=v,
        scale=1 / math.sqrt(q.shape[-1]) if scale is None else float(scale),
        visible=visible.expand(*q.shape[:-1], n),
        bias=bias,
    )


def _copied(tensor: torch.Tensor) -> torch.Tensor:
    """Its numbers, on the CPU. Raises ValueError where it has none of its own, or rows of several lengths."""
    if tensor.is_nested:
        raise ValueError(NESTED)
    try:
        copy = tensor.detach().cpu().clone()
        copy.data_ptr()  # raises where there is no memory behind it
    except RuntimeError as error:
        raise ValueError(NO_NUMBERS) from error
    return copy


def stored(calls: Sequence[Call]) -> dict[str, NDArray[Any]]:
    """The arrays of a file of calls of one shape, by their names."""
    arrays = {"values": _stacked([call.values for call in calls])}
    if calls[0].bias is None:
        arrays["queries"] = _stacked([call.queries for call in calls])
        arrays["keys"] = _stacked([call.keys for call in calls])
        arrays["scale"] = np.array(calls[0].scale)
    else:
        arrays["weights"] = _stacked([call.weights() for call in calls])
    visible = _stacked([call.visible for call in calls])
    if not visible.all():
        arrays["mask"], arrays["mask_kind"] = visible, np.array("keep")
    if calls[0].values.dtype == torch.bfloat16:
        arrays["precision"] = np.array("bfloat16")
    return arrays


def _stacked(arrays: Sequence[torch.Tensor]) -> NDArray[Any]:
    stacked = torch.stack(list(arrays))
    return np.asarray((stacked.float() if stacked.dtype == torch.bfloat16 else stacked).numpy())
