"""The card of a kit: its version, and for each module in it the notebooks as they were given out."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from tinytorch.course import files
from tinytorch.course.project import KIT_FILE
from tinytorch.errors import WorkspaceError

FORMAT = 2


@dataclass(frozen=True, slots=True)
class KitCard:
    """`modules` has, by module and by file name, the SHA-256 of each notebook as released."""

    version: str
    modules: dict[str, dict[str, str]]


def read_card(root: Path) -> KitCard:
    """Returns the card of the kit at `root`; raises `WorkspaceError` when it cannot be read."""
    path = root / KIT_FILE
    try:
        with files.sentences(path):
            raw = json.loads(path.read_text(encoding="utf-8"))
        modules = {str(name): dict(notebooks) for name, notebooks in raw["modules"].items()}
        return KitCard(str(raw["version"]), modules)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorkspaceError(f"{path} is not a kit's card; unpack the kit again beside this one.") from error


def write_card(root: Path, card: KitCard) -> None:
    raw = {"format": FORMAT, **dataclasses.asdict(card)}
    files.write_if_changed(root / KIT_FILE, (json.dumps(raw, indent=1, sort_keys=True) + "\n").encode())


def complete_card(root: Path) -> None:
    """Adds the modules whose originals lie here but whose entry a second kit, unpacked over this one, has replaced."""
    card = read_card(root)
    present = {path.parent.name for path in (root / "originals").glob("*/*.ipynb")}
    added = {name: digests(root / "originals" / name) for name in sorted(present - card.modules.keys())}
    if added:
        write_card(root, dataclasses.replace(card, modules={**card.modules, **added}))


def digests(folder: Path) -> dict[str, str]:
    """Returns the SHA-256 of each notebook in `folder`, by file name."""
    paths = sorted(folder.glob("*.ipynb"))
    with files.sentences(folder):
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
