"""The Unity package is one that Unity can import: metas, assembly definitions, manifest, samples."""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

UNITY = Path(__file__).parents[2] / "examples" / "unity"
PACKAGE = UNITY / "com.streamdit.engine"
# Assemblies that come from elsewhere: the dependencies, and Unity's own test runner.
FOREIGN = {
    "Cysharp.Net.Http.YetAnotherHttpHandler",
    "Unity.InputSystem",
    "UnityEngine.TestRunner",
    "UnityEditor.TestRunner",
}
SYMBOL = "STREAMDIT_DEPENDENCIES"
ASMDEFS = sorted(PACKAGE.rglob("*.asmdef"))
SCRIPTS = sorted(path for path in PACKAGE.rglob("*.cs"))
# What C# 10 and later brought, as far as a line shows it; the compiler in Tests~ is held to C# 9 as well.
NEWER_THAN_9 = (
    r"^\s*namespace [\w.]+;",
    r"^\s*global using ",
    r"\brecord struct\b",
    r"\brequired \w",
    r'"""',
    r"\bfile (class|struct|interface|record)\b",
    r"^\s*(public |internal )?\w+ class \w+\([^)]*\)\s*[:{]",
    r"= \[(\]|\w|\.\.)",
)


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def test_every_asset_has_its_meta_and_no_meta_is_left_over() -> None:
    done = subprocess.run([sys.executable, UNITY / "metas.py", "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_guids_are_well_formed_and_unique() -> None:
    guids = []
    for path in PACKAGE.rglob("*.meta"):
        found = re.findall(r"^guid: (.*)$", path.read_text(), re.MULTILINE)
        assert len(found) == 1, path
        assert re.fullmatch(r"[0-9a-f]{32}", found[0]), path
        guids += found
    assert len(guids) > 40
    assert [guid for guid, count in Counter(guids).items() if count > 1] == []


def test_folders_that_unity_passes_over_hold_no_metas_but_the_samples_that_are_copied_out() -> None:
    metas = [path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.meta")]
    assert [path for path in metas if "~" in str(path) and path.parts[0] != "Samples~"] == []
    assert [path for path in metas if path.parts[0] == "Samples~" and len(path.parts) < 3] == []


def test_assembly_references_resolve() -> None:
    names = [read(path)["name"] for path in ASMDEFS]
    assert len(names) == len(set(names))
    for path in ASMDEFS:
        assert read(path)["name"] == path.stem
        assert set(read(path)["references"]) - set(names) - FOREIGN == set(), path


def test_what_needs_the_dependencies_is_switched_off_without_them() -> None:
    by_name = {read(path)["name"]: read(path) for path in ASMDEFS}
    free = {"StreamDit.Setup.Editor", "StreamDit.Editor.Tests"}
    guarded = {name for name, asmdef in by_name.items() if SYMBOL in asmdef["defineConstraints"]}
    assert set(by_name) - guarded == free
    for name in free:
        assert guarded & set(by_name[name]["references"]) == set()
    setup = by_name["StreamDit.Setup.Editor"]
    assert setup["references"] == []
    assert setup["overrideReferences"]
    assert setup["precompiledReferences"] == []


def test_editor_code_stays_in_the_editor() -> None:
    for path in ASMDEFS:
        if "Editor" in path.relative_to(PACKAGE).parts[:1]:
            assert read(path)["includePlatforms"] == ["Editor"], path
    for script in (PACKAGE / "Runtime").rglob("*.cs"):
        assert "UnityEditor" not in script.read_text(), script


def test_the_core_knows_nothing_of_unity() -> None:
    assert read(PACKAGE / "Runtime/Core/StreamDit.Core.asmdef")["noEngineReferences"]


def test_the_manifest_is_one_the_package_manager_takes() -> None:
    manifest = read(PACKAGE / "package.json")
    assert re.fullmatch(r"com\.[a-z0-9-]+\.[a-z0-9.-]+", manifest["name"])
    assert PACKAGE.name == manifest["name"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])
    assert re.fullmatch(r"\d{4}\.\d", manifest["unity"])
    assert manifest["displayName"]
    assert manifest["description"]
    assert manifest["author"]["name"]
    for version in manifest["dependencies"].values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    for needed in ("README.md", "CHANGELOG.md", "LICENSE.md", "Third Party Notices.md"):
        assert (PACKAGE / needed).exists(), needed
    assert f"## {manifest['version']}" in (PACKAGE / "CHANGELOG.md").read_text()
    assert (PACKAGE / "Documentation~" / f"{manifest['name']}.md").exists()


def test_every_sample_is_listed_and_there() -> None:
    listed = {sample["path"] for sample in read(PACKAGE / "package.json")["samples"]}
    assert listed == {f"Samples~/{path.name}" for path in (PACKAGE / "Samples~").iterdir()}
    for sample in read(PACKAGE / "package.json")["samples"]:
        assert sample["displayName"]
        assert sample["description"]
        assert list((PACKAGE / sample["path"]).glob("*.cs"))


def test_every_sample_has_a_scene_whose_scripts_are_there() -> None:
    done = subprocess.run([sys.executable, UNITY / "scenes.py", "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    scripts = {
        re.findall(r"^guid: (.*)$", Path(f"{path}.meta").read_text(), re.MULTILINE)[0]: path
        for path in (PACKAGE / "Samples~").rglob("*.cs")
    }
    for sample in (PACKAGE / "Samples~").iterdir():
        scene = (sample / f"{sample.name}.unity").read_text()
        documents = dict(re.findall(r"^--- !u!\d+ &(\d+)\n(.*?)(?=^--- |\Z)", scene, re.MULTILINE | re.DOTALL))
        assert set(re.findall(r"\{fileID: (\d+)\}", scene)) - {"0"} <= set(documents), sample
        behaviours = [text for text in documents.values() if text.startswith("MonoBehaviour:")]
        assert len(behaviours) == 1
        (guid,) = re.findall(r"m_Script: \{fileID: 11500000, guid: (\w+), type: 3\}", behaviours[0])
        script = scripts[guid]
        assert script.parent == sample
        assert f"class {script.stem} : MonoBehaviour" in script.read_text()  # Unity finds a script by its file's name
        for field in re.findall(r"^  ([a-z]\w*): ", behaviours[0], re.MULTILINE):
            if not field.startswith("m_"):
                assert re.search(rf"\[SerializeField\] private \w+ {field} = ", script.read_text()), field


@pytest.mark.parametrize("pattern", NEWER_THAN_9)
def test_no_script_needs_a_newer_language_than_unity_2022_has(pattern: str) -> None:
    assert len(SCRIPTS) > 30
    written = [path for path in SCRIPTS if "Wire" not in path.parts]
    assert [path for path in written if re.search(pattern, path.read_text(), re.MULTILINE)] == []


def test_setup_adds_the_versions_that_were_tested() -> None:
    shipped = {
        package.attrib["id"]: package.attrib["version"]
        for package in ET.parse(PACKAGE / "Editor/Setup/packages.config").getroot()
    }
    tested = re.findall(
        r'<PackageReference Include="([\w.]+)" Version="([\w.]+)"', (UNITY / "Tests~/UnityLibraries.props").read_text()
    )
    assert tested
    for name, version in tested:
        assert shipped[name] == version, name
    notices = (PACKAGE / "Third Party Notices.md").read_text()
    assert [name for name in shipped if name not in notices] == []


def test_the_table_that_the_samples_rules_are_held_against_is_the_pygame_games() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import critters_table as made; assert made.table() == made.TABLE.read_text()"],
        cwd=UNITY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
