"""The house: imports only point down, one variant is one file and one yaml, and every yaml is complete."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest
import yaml

from attnlab.parts import Part

ROOT = Path(__file__).parents[1]
WINGS = (
    "inputs",
    "weights",
    "channels",
    "collisions",
    "decoders",
    "probes",
    "projections",
    "mixings",
    "identifiability",
)
FLOORS: list[tuple[str, ...]] = [
    ("contracts", "edition"),
    ("parts", "arrays", "problems", "examples", "shapes", "seeds", "interruption", "patience", "streams"),
    ("attention", "joined", "intervals", "metrics", "files", "tidy", "spreadsheets"),
    ("solvers", "theory", "pretrained"),
    (*WINGS, "verdicts"),
    ("oracles", "report", "science", "audit", "torch_calls"),
    ("harness",),
    ("study", "recording"),
    ("session", "app", "__main__"),
]
"""The rooms of attnlab from the ground up; a room may import from lower floors and, wings apart, from its own."""
HARNESS: list[tuple[str, ...]] = [
    ("own", "making", "source", "records", "store", "claims", "provenance", "summary", "quoting"),
    ("cells",),
    ("execution", "table", "patterns", "alike"),
    ("configs",),
    ("overrides", "composition"),
    ("choices", "keys"),
    ("blocks",),
    ("grid", "drawn"),
    ("launch", "progress", "sweeps", "room"),
    ("pages",),
    ("publish", "terminal"),
    ("sides",),
    ("command", "actions", "heeded"),
    ("information", "refusals", "guest", "words"),
]
"""The rooms inside the harness, from the ground up."""
LEVEL = {room: level for level, floor in enumerate(FLOORS) for room in floor}
INSIDE = {room: level for level, floor in enumerate(HARNESS) for room in floor}
KERNELS = "one algorithm's compiled functions: numba's cache does not notice a change in an imported file"
APART = "oracles"
"""Plain twins of the kernels: what they check may not lean on them, so nothing in attnlab imports them."""
ONLY_IN = {
    "hydra": {
        "harness.configs",
        "harness.overrides",
        "harness.command",
        "harness.guest",
        "harness.information",
        "harness.refusals",
    },
    "omegaconf": {
        "harness.blocks",
        "harness.choices",
        "harness.composition",
        "harness.grid",
        "harness.keys",
        "harness.command",
        "harness.sweeps",
        "harness.configs",
        "harness.information",
        "harness.refusals",
    },
    "seaborn": {"report"},
    "matplotlib": {"report"},
    "torch": {"projections", "torch_calls"},
    "joblib": {"harness.execution", "harness.publish"},
    "threadpoolctl": {"harness.guest"},
}
GROUPS = {
    "inputs": "inputs",
    "weights": "weights",
    "channel": "channels",
    "collision": "collisions",
    "decoder": "decoders",
    "probe": "probes",
    "projection": "projections",
    "mixing": "mixings",
    "exec": "harness.execution",
}
"""Config groups and the packages that hold their parts."""


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def room(name: str) -> tuple[str, ...]:
    """The rooms of attnlab a dotted name lies in, from the outermost; none for other libraries."""
    words = name.split(".")
    return tuple(words[1:]) if words[0] == "attnlab" else ()


def own_room(path: Path) -> tuple[str, ...]:
    return path.relative_to(ROOT / "attnlab").with_suffix("").parts


@pytest.mark.parametrize("path", modules("attnlab"), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    here = own_room(path)
    if here == ("__init__",):
        # Its names are looked up when they are used, so that importing attnlab imports nothing else.
        assert imports(path) == {"importlib"}
        return
    for name in imports(path):
        assert "experiments" not in name.split("."), f"{path.name} imports an experiment"
        there = room(name)
        if not there or there[0] == here[0] != "harness":
            continue
        assert there[0] in LEVEL, f"{there[0]} has no floor: add it to FLOORS"
        assert there[0] != APART, f"{here} imports {APART}, which is for tests, benchmarks and doubters"
        if there[0] == here[0]:
            levels, over, under = INSIDE, here[1:2], there[1:2]
        else:
            levels, over, under = LEVEL, here[:1], there[:1]
        same_wing = here[0] in WINGS and there[0] in WINGS
        for above, below in zip(over, under, strict=False):
            assert above == "__init__" or (levels[below] <= levels[above] and not same_wing), (
                f"{here}: {name}"
            )


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Not even for the names of types, nor inside functions: who reads one file need not read the other first."""
    names = {
        ".".join(("attnlab", *own_room(path))).removesuffix(".__init__"): path for path in modules("attnlab")
    }
    waiting = {name: {other for other in imports(path) if other in names} for name, path in names.items()}
    while waiting:
        ready = {name for name, needs in waiting.items() if not needs & set(waiting) - {name}}
        assert ready, f"in or above a circle: {sorted(waiting)}"
        for name in ready:
            del waiting[name]


LONG_MODULES = {
    "attnlab/solvers/columns_kernels.py": KERNELS,
    "attnlab/solvers/exchange_kernels.py": KERNELS,
    "attnlab/solvers/far_vertices_kernels.py": KERNELS,
    "attnlab/solvers/nnls_kernels.py": KERNELS,
    "attnlab/solvers/tableau_kernels.py": KERNELS,
    "attnlab/solvers/twin_query_kernels.py": KERNELS,
}
"""The modules that may have more than 300 lines, and why."""
ALL = [*modules("attnlab"), *modules("experiments"), *modules("benchmarks")]


@pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_is_longer_than_300_lines(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert (lines > 300) == (str(path.relative_to(ROOT)) in LONG_MODULES), lines


@pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_function_of_more_than_50_lines_says_why(path: Path) -> None:
    """Its docstring not counted; the reason stands in it, as a comment that begins with `# Long:`."""
    text = path.read_text()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            told = ast.get_docstring(node, clean=False)
            lines = text.splitlines()[node.lineno - 1 : node.end_lineno]
            length = len(lines) - (len(told.splitlines()) if told else 0)
            reasons = [line for line in lines if line.strip().startswith("# Long: ")]
            assert (length > 50) == bool(reasons), f"{node.name}: {length} lines"


@pytest.mark.parametrize(
    "path", [*modules("attnlab"), *modules("experiments")], ids=lambda p: str(p.relative_to(ROOT))
)
def test_libraries_stay_in_their_rooms(path: Path) -> None:
    here = own_room(path) if "attnlab" in path.relative_to(ROOT).parts else ("experiments",)
    for name in imports(path):
        allowed = ONLY_IN.get(name.split(".")[0])
        assert allowed is None or {here[0], ".".join(here[:2])} & allowed, f"{name} belongs in {allowed}"


def variants(package: str) -> dict[str, type[Part]]:
    """Every concrete part of a package, by the module that defines it."""
    found = {}
    place = importlib.import_module(f"attnlab.{package}")
    for module in pkgutil.iter_modules(place.__path__):
        loaded = importlib.import_module(f"attnlab.{package}.{module.name}")
        for kind in vars(loaded).values():
            own = inspect.isclass(kind) and kind.__module__ == loaded.__name__ and issubclass(kind, Part)
            if own and not inspect.isabstract(kind) and module.name != "base":
                assert module.name not in found, f"two variants in one file: {module.name}"
                found[module.name] = kind
    return found


CONFIGS = [(group, path) for group in GROUPS for path in sorted((ROOT / "conf" / group).glob("*.yaml"))]


@pytest.mark.parametrize(("group", "path"), CONFIGS, ids=lambda value: getattr(value, "stem", value))
def test_a_yaml_is_the_call_of_its_class(group: str, path: Path) -> None:
    config = yaml.safe_load(path.read_text())
    target = config.pop("_target_")
    assert target.startswith(f"attnlab.{GROUPS[group]}.{path.stem}."), "one variant, one file, one yaml"
    kind = pkgutil.resolve_name(target)
    assert set(config) == {field.name for field in dataclasses.fields(kind) if field.init}
    assert inspect.getdoc(kind)


@pytest.mark.parametrize("group", GROUPS)
def test_every_variant_has_its_yaml(group: str) -> None:
    if not (ROOT / "attnlab" / GROUPS[group].replace(".", "/")).is_dir():
        pytest.skip(f"no {GROUPS[group]} wing")
    assert set(variants(GROUPS[group])) == {path.stem for path in (ROOT / "conf" / group).glob("*.yaml")}


@pytest.mark.parametrize(
    "path", sorted((ROOT / "conf" / "experiment").glob("*.yaml")), ids=lambda path: path.stem
)
def test_an_experiment_is_a_page_with_a_question(path: Path) -> None:
    module = importlib.import_module(f"attnlab.experiments.{path.stem}")
    question = (module.__doc__ or "").partition("\n\n")[0]
    assert "?" in question
    for name in ("trial", "verdict", "VERSION"):
        assert hasattr(module, name)
    assert inspect.getdoc(module.trial) and inspect.getdoc(module.verdict)


def test_every_experiment_has_its_yaml() -> None:
    pages = {path.stem for path in (ROOT / "experiments").glob("[a-z]*.py")}
    assert pages == {path.stem for path in (ROOT / "conf" / "experiment").glob("*.yaml")}


def test_planning_loads_no_drawing_and_no_compiler() -> None:
    """The command line starts fast: seaborn, numba, torch and scikit-learn load where they are used."""
    import subprocess
    import sys

    code = (
        "import sys; sys.argv=['attnlab','action=plan','results=/nowhere/at/all']\n"
        "from attnlab.app import act, ask; act(ask(sys.argv[1:]))\n"
        "print([name for name in ('seaborn','matplotlib','numba','torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *planned, loaded = done.stdout.splitlines()
    assert loaded == "[]"
    studies = {line.split()[0] for line in planned[1 : planned.index("") - 1]}
    assert studies == {path.stem for path in (ROOT / "conf" / "experiment").glob("*.yaml")}
