"""Keeps what several checkpoints of tests/data share once: a tokenizer, the same weights.

The first of equal files stays, those of tests/data/tokenizers before all others; in the place of the
rest is a link to it. Run it after the scripts that make checkpoints; tools/lint.sh says when to.
"""

import os
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"
NAMES = ("tokenizer.json", "*.safetensors")


def main():
    first = {}
    for folder in ("tokenizers", "checkpoints", "saved"):
        for path in sorted(p for name in NAMES for p in (DATA / folder).rglob(name)):
            if path.is_symlink():
                continue
            kept = first.setdefault(path.read_bytes(), path)
            if kept != path:
                path.unlink()
                path.symlink_to(os.path.relpath(kept, path.parent))
                print(f"{path.relative_to(DATA)} -> {kept.relative_to(DATA)}")


if __name__ == "__main__":
    main()
