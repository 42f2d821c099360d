"""Writes the .meta files that Unity keeps beside every asset; `--check` only says which are missing or stray.

A package in Unity's cache is read-only, so the files have to come with it, and their GUIDs may never change: scenes
refer to scripts by them. They are derived from the path, so that two people who add the same file make the same one.
"""

import argparse
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent / "com.streamdit.engine"
# Any fixed namespace; a new one would change every GUID.
NAMESPACE = uuid.UUID("6d3f1a0e-5b1c-4c57-9f0a-2a1d9be04b11")

IMPORTERS = {
    ".cs": "MonoImporter:\n  externalObjects: {}\n  serializedVersion: 2\n  defaultReferences: []\n"
    "  executionOrder: 0\n  icon: {instanceID: 0}\n  userData: \n  assetBundleName: \n  assetBundleVariant: \n",
    ".asmdef": "AssemblyDefinitionImporter:\n",
    ".md": "TextScriptImporter:\n",
    ".xml": "TextScriptImporter:\n",
    "package.json": "PackageManifestImporter:\n",
    "folder": "DefaultImporter:\n",
    "": "DefaultImporter:\n",
}
_TAIL = "  externalObjects: {}\n  userData: \n  assetBundleName: \n  assetBundleVariant: \n"


def assets() -> Iterator[Path]:
    """Every file and folder that Unity imports: none in a folder ending in `~`, no .meta, nothing hidden or empty.

    A sample is imported when it is copied out of `Samples~`, and its scene refers to its script: that is in it, too.
    """
    for path in sorted(PACKAGE.rglob("*")):
        parts = path.relative_to(PACKAGE).parts
        looked_at = parts[2:] if parts[0] == "Samples~" else parts
        passed_over = (
            not looked_at or path.suffix == ".meta" or any(p.endswith("~") or p.startswith(".") for p in looked_at)
        )
        # git keeps no empty folders, and what lies in this one may be somebody's work in progress.
        if not passed_over and (path.is_file() or any(child.suffix != ".meta" for child in path.iterdir())):
            yield path


def meta_of(path: Path) -> Path:
    """Where an asset's .meta lies."""
    return path.with_name(path.name + ".meta")


def text_of(path: Path) -> str:
    """What a new .meta says."""
    guid = uuid.uuid5(NAMESPACE, path.relative_to(PACKAGE).as_posix()).hex
    kind = "folder" if path.is_dir() else path.name if path.name in IMPORTERS else path.suffix
    importer = IMPORTERS.get(kind, IMPORTERS[""])
    folder = "folderAsset: yes\n" if path.is_dir() else ""
    tail = "" if kind == ".cs" else _TAIL
    return f"fileFormatVersion: 2\nguid: {guid}\n{folder}{importer}{tail}"


def missing() -> list[Path]:
    """Assets without a .meta."""
    return [path for path in assets() if not meta_of(path).exists()]


def stray() -> list[Path]:
    """.meta files of assets that are gone."""
    expected = {meta_of(path) for path in assets()}
    return [path for path in sorted(PACKAGE.rglob("*.meta")) if path not in expected]


def main() -> int:
    """Returns 1 if a check found something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if something is wrong")
    check = parser.parse_args().check
    for path in missing():
        print(f"no .meta: {path.relative_to(PACKAGE)}")
        if not check:
            meta_of(path).write_text(text_of(path))
    for path in stray():
        print(f"nothing beside it: {path.relative_to(PACKAGE)}")
        if not check:
            path.unlink()
    return int(check and bool(missing() or stray()))


if __name__ == "__main__":
    sys.exit(main())
