"""Heads of anyone's arrays: what is read, what it means, and what is refused, each in one sentence."""

from __future__ import annotations

import json
import resource
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnlab.inputs.arrays import Arrays
from attnlab.inputs.heads import Heads
from attnlab.parts import SettingError
from attnlab.shapes import Sample
from attnlab.weights.given import Given
from attnlab.weights.softmax import Softmax

ml_dtypes = pytest.importorskip("ml_dtypes", reason="pip install 'attnlab[audit]'")
safetensors = pytest.importorskip("safetensors.numpy", reason="pip install 'attnlab[audit]'")
L, H, N, D, E = 2, 4, 7, 5, 3
Given_ = dict[str, Any]


def arrays(groups: int = H, kind: Any = np.float64, seed: int = 0) -> Given_:
    """Queries, keys and values of two layers."""
    draw = np.random.default_rng(seed).standard_normal
    shapes = {"queries": (L, H, N, E), "keys": (L, groups, N, E), "values": (L, groups, N, D)}
    return {name: draw(shape).astype(kind) for name, shape in shapes.items()}


def softmax(queries: Any, keys: Any, seen: Any = True, *, scale: float = 1 / np.sqrt(E)) -> Any:
    scores = np.where(seen, scale * queries @ np.swapaxes(keys, -1, -2), -np.inf)
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def saved(folder: Path, suffix: str = ".npz", **found: Any) -> str:
    path = folder / f"heads{suffix}"
    if suffix == ".npz":
        np.savez(path, **found)
    else:
        words: dict[str, str] = {
            name: json.dumps(found.pop(name)) for name in ("tokens", "mask_kind") if name in found
        }
        safetensors.save_file(found, path, metadata=words or None)
    return str(path)


def drawn(trials: int = 20, **settings: Any) -> Sample:
    return Arrays(**settings)(trials, np.random.default_rng(1))


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("kind", [np.float64, np.float32, np.float16, ml_dtypes.bfloat16])
def test_a_file_gives_its_own_numbers_at_its_own_precision(tmp_path: Path, suffix: str, kind: Any) -> None:
    found = arrays(kind=kind)
    path = saved(tmp_path, suffix, **found, tokens=[f"w{i}" for i in range(N)])
    part = Arrays(path=path)
    assert (part.n, part.d, part.e) == (N, D, E)
    assert part.heads.precision == np.dtype(kind).name in part.says
    head = part.heads.head(1, 2)
    exact = {name: array[1, 2].astype(np.float64) for name, array in found.items()}
    np.testing.assert_array_equal(head.values, exact["values"])
    np.testing.assert_allclose(head.weights, softmax(exact["queries"], exact["keys"]), atol=1e-14)
    assert head.tokens == tuple(f"w{i}" for i in range(N))


@pytest.mark.parametrize("scale", [None, 0.25])
def test_softmax_weights_of_a_sample_are_those_of_the_model_at_the_files_scale(
    tmp_path: Path, scale: float | None
) -> None:
    found = arrays() if scale is None else {**arrays(), "scale": np.float32(scale)}
    sample = drawn(path=saved(tmp_path, **found), layer=1, head=2)
    rng = np.random.default_rng(0)
    expected = softmax(found["queries"][1, 2], found["keys"][1, 2], scale=scale or 1 / np.sqrt(E))
    weights = Softmax()(sample, rng)
    assert all(np.abs(expected - row).sum(axis=1).min() < 1e-12 for row in weights)


def test_a_trial_is_a_row_drawn_without_replacement_and_a_group_is_a_head(tmp_path: Path) -> None:
    path = saved(tmp_path, **arrays())
    every = drawn(L * H * N, path=path)
    assert len(np.unique(every.queries, axis=0)) == L * H * N
    assert sorted(np.bincount(every.group)) == [N] * (L * H)
    shared = (every.values[:, None] == every.values[None]).all(axis=(2, 3))
    np.testing.assert_array_equal(shared, every.group[:, None] == every.group[None])
    more = drawn(L * H * N + 3, path=path)
    assert np.unique(more.queries, axis=0, return_counts=True)[1].max() == 2


def test_grouped_queries_share_the_values_of_their_group(tmp_path: Path) -> None:
    part = Arrays(path=saved(tmp_path, **arrays(groups=2)))
    whole = arrays(groups=2)
    for head, group in enumerate((0, 0, 1, 1)):
        np.testing.assert_array_equal(part.heads.head(1, head).values, whole["values"][1, group])
        assert part.heads.head(1, head).group == 2 + group
    with pytest.raises(ValueError, match="a multiple of the heads of values"):
        Heads(**{**arrays(), **{name: arrays(groups=3)[name] for name in ("keys", "values")}})


def test_the_layout_is_stated(tmp_path: Path) -> None:
    turned = {name: np.moveaxis(array, 1, 2) for name, array in arrays().items()}
    part = Arrays(path=saved(tmp_path, **turned), layout="positions_first")
    np.testing.assert_array_equal(part.heads.head(1, 3).values, arrays()["values"][1, 3])
    assert Arrays(path=part.path).n == H, "read as heads first, seven heads of four positions"


def test_weights_alone_are_given_and_have_no_scores(tmp_path: Path) -> None:
    found = arrays()
    weights = softmax(found["queries"], found["keys"])
    sample = drawn(path=saved(tmp_path, weights=weights, values=found["values"]), layer=0, head=1)
    given = Given()(sample, np.random.default_rng(0))
    assert all((np.abs(weights[0, 1] - row).max(axis=1) < 1e-12).any() for row in given)
    assert sample.keys.shape[2] == 0
    with pytest.raises(Exception, match="these inputs have none: weights=given"):
        Softmax()(sample, np.random.default_rng(0))
    plain = Sample.of(np.eye(3))
    with pytest.raises(Exception, match="came without weights"):
        Given()(plain, np.random.default_rng(0))


@pytest.mark.parametrize("kind", [np.float16, ml_dtypes.bfloat16, np.float32])
def test_rounded_weights_are_made_to_sum_to_one_within_their_type(kind: Any) -> None:
    found = arrays()
    rounded = softmax(found["queries"], found["keys"]).astype(kind)
    head = Heads(values=found["values"].astype(kind), weights=rounded).head(0, 0)
    np.testing.assert_allclose(head.weights.sum(axis=1), 1.0, atol=1e-15)
    with pytest.raises(ValueError, match=r"layer 0, head 1: expected weights that sum to 1 within .*row 3"):
        off = rounded.astype(np.float64)
        off[0, 1, 3] *= 1.3
        Heads(values=found["values"], weights=off.astype(kind)).head(0, 1)


CAUSAL = np.tri(N, dtype=bool)
PADDED = np.arange(N) >= 5


@pytest.mark.parametrize(
    ("kind", "mask", "seen"),
    [
        ("keep", CAUSAL, CAUSAL),
        ("keep", CAUSAL.astype(np.int64), CAUSAL),
        ("additive", np.where(CAUSAL, 0.0, -np.inf).astype(np.float32), CAUSAL),
        ("additive", np.where(CAUSAL, 0.0, -1e9)[None, None], CAUSAL),
        ("causal", None, CAUSAL),
        ("none", None, np.ones((N, N), dtype=bool)),
    ],
)
def test_kinds_of_masks(kind: Any, mask: Any, seen: Any) -> None:
    found = arrays()
    head = Heads(**found, mask=mask, mask_kind=kind).head(1, 0)
    np.testing.assert_array_equal(head.mask, seen)
    np.testing.assert_allclose(head.weights, softmax(found["queries"][1, 0], found["keys"][1, 0], seen))


@pytest.mark.parametrize(
    ("kind", "mask", "told"),
    [
        ("keep", np.where(CAUSAL, 0.0, -1e9), "booleans, or 0 and 1, with mask_kind=keep.*additive"),
        ("additive", CAUSAL, "numbers with mask_kind=additive, got booleans"),
        ("additive", np.where(CAUSAL, -0.5, -1e9), "what adds to scores that are seen"),
        ("pad", CAUSAL, r"broadcasts to \(2, 7\)"),
        ("keep", np.ones((3, N, N), dtype=bool), r"broadcasts to \(2, 4, 7, 7\)"),
        ("causal", CAUSAL, "no mask with mask_kind=causal"),
        ("none", CAUSAL, "no mask with mask_kind=none"),
        ("keep", None, "a mask with mask_kind=keep, got none"),
    ],
)
def test_masks_that_do_not_fit_their_kind_are_refused(kind: Any, mask: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Heads(**arrays(), mask=mask, mask_kind=kind).head(0, 0)


def test_a_mask_in_a_file_is_not_guessed_unless_the_file_says(tmp_path: Path) -> None:
    path = saved(tmp_path, **arrays(), mask=CAUSAL)
    with pytest.raises(SettingError, match=r"mask_kind=keep, pad or additive for its mask \(7, 7\) of bool"):
        Arrays(path=path)
    assert Arrays(path=path, mask_kind="keep").heads.head(0, 0).mask[0].sum() == 1
    saved(tmp_path, **arrays(), mask=CAUSAL, mask_kind="keep")
    assert Arrays(path=path).heads.head(0, 0).mask[0].sum() == 1


def test_a_padded_batch_is_its_texts_unpadded(tmp_path: Path) -> None:
    """Texts of 7 and 5 words, the second padded with whatever, NaN included."""
    found = arrays()
    for array in found.values():
        array[1, :, 5:] = np.nan
    pad = np.stack([np.zeros(N, dtype=bool), PADDED])
    padded = Heads(**found, mask=pad, mask_kind="pad")
    alone = Heads(**{name: array[1, :, :5] for name, array in found.items()})
    for head in range(H):
        one, other = padded.head(1, head), alone.head(0, head)
        np.testing.assert_array_equal(one.rows, other.rows)
        np.testing.assert_allclose(one.weights[:, :5], other.weights, atol=1e-15)
        np.testing.assert_array_equal(one.values[:5], other.values)
        assert not one.weights[:, 5:].any()
    path = saved(tmp_path, **found, mask=pad, mask_kind="pad")
    sample = drawn(H * (N + 5), path=path)
    assert sorted(sample.mask.sum(axis=1)) == [5] * 5 * H + [7] * 7 * H


@pytest.mark.parametrize(
    ("name", "at", "told"),
    [
        ("queries", (1, 2, 3, 0), "layer 1, head 2: expected finite queries, got NaN or infinity at row 3"),
        ("keys", (1, 2, 4, 1), "layer 1, head 2: expected finite keys, got NaN or infinity at position 4"),
        (
            "values",
            (1, 2, 6, 1),
            "layer 1, head 2: expected finite values, got NaN or infinity at position 6",
        ),
    ],
)
def test_rows_of_nan_are_named(name: str, at: Any, told: str) -> None:
    found = arrays()
    found[name][at] = np.nan
    heads = Heads(**found)
    heads.head(0, 2)
    with pytest.raises(ValueError, match=told):
        heads.head(1, 2)


def test_a_row_that_sees_nothing_is_no_trial() -> None:
    mask = CAUSAL.copy()
    mask[2] = False
    weights = softmax(arrays()["queries"], arrays()["keys"], CAUSAL)
    weights[..., 2, :] = np.nan  # what a softmax over nothing gives
    head = Heads(values=arrays()["values"], weights=weights, mask=mask).head(0, 0)
    assert list(head.rows) == [0, 1, 3, 4, 5, 6]
    with pytest.raises(ValueError, match="finite weights, got NaN or infinity at row 2"):
        Heads(values=arrays()["values"], weights=weights, mask=CAUSAL).head(0, 0)


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.float16, ml_dtypes.bfloat16])
def test_weights_that_are_not_those_of_their_queries_are_refused(kind: Any) -> None:
    found = arrays(kind=kind)
    exact = [found[name].astype(np.float64) for name in ("queries", "keys")]
    right = softmax(*exact).astype(kind)
    Heads(**found, weights=right).head(1, 1)
    with pytest.raises(
        ValueError, match=r"layer 1, head 1: expected weights that are the softmax of scale q\.k"
    ):
        Heads(**found, weights=softmax(*exact, scale=3.0).astype(kind)).head(1, 1)
    with pytest.raises(ValueError, match="another scale, mask or head"):
        Heads(**found, weights=right[:, ::-1]).head(1, 1)


def test_weight_on_masked_positions_and_negative_weights_are_refused() -> None:
    found = arrays()
    weights = softmax(found["queries"], found["keys"])
    with pytest.raises(ValueError, match=r"no weight where the mask hides, got .* in row 0"):
        Heads(values=found["values"], weights=weights, mask_kind="causal").head(0, 0)
    with pytest.raises(ValueError, match=r"weights >= 0, got -.* in row 0"):
        Heads(values=found["values"], weights=-weights).head(0, 0)


REFUSED: list[tuple[Given_, str]] = [
    ({"values": None}, "arrays named values"),
    ({"keys": None}, "queries with keys"),
    ({"queries": None, "keys": None}, "queries and keys, or weights, with the values"),
    ({"values": np.ones((L, H, N + 1, D))}, "one size for each letter"),
    ({"values": np.ones((L + 1, H, N, D))}, "the same leading axes"),
    (
        {"values": np.ones((L, H, N, D), dtype=np.int64)},
        "values as bfloat16, float16, float32, float64, got int64",
    ),
    ({"values": np.ones((L, H, N, D), dtype=complex)}, "values as floats"),
    ({"scale": np.ones(2)}, "one number as scale"),
    ({"scale": -1.0}, "a scale > 0"),
    ({"tokens": ["one", "two"]}, r"tokens \(7,\)"),
    ({"tokens": np.arange(N)}, "tokens as text"),
    ({"values": np.ones((L, H, 0, D))}, "one size for each letter|values"),
]


@pytest.mark.parametrize(("changed", "told"), REFUSED)
def test_files_that_do_not_fit_are_refused_in_a_sentence(tmp_path: Path, changed: Given_, told: str) -> None:
    found = {name: array for name, array in {**arrays(), **changed}.items() if array is not None}
    with pytest.raises(SettingError, match=told) as refusal:
        Arrays(path=saved(tmp_path, **found))
    assert "\n" not in str(refusal.value) and str(refusal.value).startswith("path=")


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    for name, content in (("a.npz", b"no zip"), ("a.safetensors", b"\xff" * 20), ("a.txt", b"1 2")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SettingError, match=r"a file of heads: expected an? "):
            Arrays(path=str(tmp_path / name))
    with pytest.raises(SettingError, match="names a file that can be read"):
        Arrays(path=str(tmp_path / "none.npz"))
    whole = Path(saved(tmp_path, ".safetensors", **arrays())).read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[:-100])
    with pytest.raises(SettingError, match="a file of heads"):
        Arrays(path=str(tmp_path / "cut.safetensors"))


def test_layers_and_heads_there_are_not(tmp_path: Path) -> None:
    path = saved(tmp_path, **arrays())
    with pytest.raises(SettingError, match="head=4: expected null, or an integer from 0 to 3"):
        Arrays(path=path, head=4)
    with pytest.raises(SettingError, match="layer=2: expected null, or an integer from 0 to 1"):
        Arrays(path=path, layer=2)
    assert set(drawn(40, path=path, layer=1, head=2).group) == {H + 2}


@pytest.mark.parametrize("packed", [False, True])
def test_one_head_of_one_position(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "one.npz"
    (np.savez_compressed if packed else np.savez)(
        path, queries=np.ones((1, 3)), keys=np.ones((1, 3)), values=np.ones((1, 2))
    )
    part = Arrays(path=str(path))
    assert (part.heads.layers, part.heads.heads, part.n, part.d, part.e) == (1, 1, 1, 2, 3)
    np.testing.assert_array_equal(part.heads.head(0, 0).weights, [[1.0]])
    assert part(3, np.random.default_rng(0)).mask.all()


def test_a_file_of_a_gigabyte_is_read_a_head_at_a_time(tmp_path: Path) -> None:
    """A sparse file: its zeros take no room on the disk, and none in memory until they are looked at."""
    path, shape = tmp_path / "big.safetensors", (64, 16, 512, 512)
    size = 4 * int(np.prod(shape))
    names = {"weights": shape, "values": (64, 16, 512, 8)}
    offsets, header = 0, {}
    for name, own in names.items():
        length = 4 * int(np.prod(own))
        header[name] = {"dtype": "F32", "shape": list(own), "data_offsets": [offsets, offsets + length]}
        offsets += length
    words = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(words).to_bytes(8, "little") + words)
        file.truncate(8 + len(words) + offsets)
    start = 8 + len(words)
    mapped = np.memmap(path, np.float32, "r+", offset=start, shape=shape)
    mapped[7, 3] = 1 / 512
    del mapped
    assert size >= 2**30 and path.stat().st_size >= 2**30
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    head = Arrays(path=str(path)).heads.head(7, 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert head.weights.shape == (512, 512)
    assert peak < 40 * 2**20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 2**10  # kilobytes


def test_a_packed_or_column_ordered_npz_is_read_as_well(tmp_path: Path) -> None:
    found = {name: np.asfortranarray(array) for name, array in arrays().items()}
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "x.npz", **found)  # type: ignore[arg-type]
        head = Arrays(path=str(tmp_path / "x.npz")).heads.head(1, 1)
        np.testing.assert_array_equal(head.values, arrays()["values"][1, 1])
    with zipfile.ZipFile(tmp_path / "x.npz") as archive:
        assert archive.infolist()[0].compress_type == zipfile.ZIP_DEFLATED
