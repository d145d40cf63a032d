"""`make reference`: a fresh run becomes the committed one; pages that differ only in commit and date stay."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from attnlab.harness.publish import entries
from attnlab.report import index

LEFT = ("cells", "claims", "runs", "grid.json", "drawn.json")
"""What is not committed."""
WHOLE = ("done", "skipped")
OWN = ("audit",)
"""Studies of heads that a run may lack: where it measured none, what is committed of them stays."""


def pages(folder: Path) -> dict[str, bytes]:
    """The files of a study's folder that are committed, without their commit and date; none of another format."""
    study = json.loads((folder / "study.json").read_text(encoding="utf-8")).get("study")
    if study is None:
        return {}
    stamps = {study["date"], study["provenance"]["code"], study["provenance"]["cells measured"]}
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and name.parts[0] not in LEFT:
            content = path.read_bytes()
            for stamp in sorted(stamps, key=len, reverse=True):
                content = content.replace(str(stamp).encode(), b"")
            found[str(name)] = content
    return found


def main(fresh: Path, reference: Path) -> None:
    """Replace the studies of `reference` that `fresh` shows otherwise, and remove those it has not."""
    found = {path.parent.name: json.loads(path.read_text()) for path in fresh.glob("*/study.json")}
    studies = {
        name: told for name, told in found.items() if name not in OWN or told["study"]["counts"].get("done")
    }
    for name, told in studies.items():
        counts = told["study"]["counts"]
        left = {status: counts[status] for status in counts if counts[status] and status not in WHOLE}
        if left:
            sys.exit(f"{name} is not whole ({left}): the reference run stays as it was")
    for old in reference.glob("*/study.json"):
        if old.parent.name not in (*studies, *OWN):
            shutil.rmtree(old.parent)
    for name in sorted(studies):
        old, new = reference / name, fresh / name
        if (old / "study.json").exists() and pages(old) == pages(new):
            print(f"{name}: as it was")
            continue
        shutil.rmtree(old, ignore_errors=True)
        shutil.copytree(new, old, ignore=shutil.ignore_patterns(*LEFT))
        print(f"{name}: new")
    print(index.write(reference, entries(reference)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
