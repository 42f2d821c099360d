"""Writes the scenes of the Unity package's samples: a camera, and an object with the sample's script.

Unity keeps scenes as YAML with numbers of its own; three that differ in a name are made here, so that each stays as
small as it can be. A script is referred to by the GUID in its .meta file: run `metas.py` first. `--check` only says
which are missing or differ.
"""

import argparse
import sys

from metas import PACKAGE, meta_of

SAMPLES = {"Quad": "QuadSample", "Critters": "CrittersSample", "Keys": "KeysSample"}

# The camera looks at the origin from ten units away. What is left out has Unity's own values.
SCENE = """%YAML 1.1
%TAG !u! tag:unity3d.com,2011:
--- !u!29 &1
OcclusionCullingSettings:
  m_ObjectHideFlags: 0
  serializedVersion: 2
--- !u!104 &2
RenderSettings:
  m_ObjectHideFlags: 0
  serializedVersion: 9
--- !u!157 &3
LightmapSettings:
  m_ObjectHideFlags: 0
  serializedVersion: 12
--- !u!196 &4
NavMeshSettings:
  serializedVersion: 2
  m_ObjectHideFlags: 0
--- !u!1 &100
GameObject:
  m_ObjectHideFlags: 0
  serializedVersion: 6
  m_Component:
  - component: {fileID: 101}
  - component: {fileID: 102}
  - component: {fileID: 103}
  m_Layer: 0
  m_Name: Main Camera
  m_TagString: MainCamera
  m_IsActive: 1
--- !u!4 &101
Transform:
  m_ObjectHideFlags: 0
  m_GameObject: {fileID: 100}
  m_LocalRotation: {x: 0, y: 0, z: 0, w: 1}
  m_LocalPosition: {x: 0, y: 0, z: -10}
  m_LocalScale: {x: 1, y: 1, z: 1}
  m_Children: []
  m_Father: {fileID: 0}
--- !u!20 &102
Camera:
  m_ObjectHideFlags: 0
  m_GameObject: {fileID: 100}
  m_Enabled: 1
  serializedVersion: 2
  m_ClearFlags: 2
  m_BackGroundColor: {r: 0.1, g: 0.1, b: 0.12, a: 0}
  near clip plane: 0.3
  far clip plane: 1000
  field of view: 60
--- !u!81 &103
AudioListener:
  m_ObjectHideFlags: 0
  m_GameObject: {fileID: 100}
  m_Enabled: 1
--- !u!1 &200
GameObject:
  m_ObjectHideFlags: 0
  serializedVersion: 6
  m_Component:
  - component: {fileID: 201}
  - component: {fileID: 202}
  m_Layer: 0
  m_Name: NAME
  m_TagString: Untagged
  m_IsActive: 1
--- !u!4 &201
Transform:
  m_ObjectHideFlags: 0
  m_GameObject: {fileID: 200}
  m_LocalRotation: {x: 0, y: 0, z: 0, w: 1}
  m_LocalPosition: {x: 0, y: 0, z: 0}
  m_LocalScale: {x: 1, y: 1, z: 1}
  m_Children: []
  m_Father: {fileID: 0}
--- !u!114 &202
MonoBehaviour:
  m_ObjectHideFlags: 0
  m_GameObject: {fileID: 200}
  m_Enabled: 1
  m_Script: {fileID: 11500000, guid: GUID, type: 3}
  m_Name:
  address: localhost:50051
--- !u!1660057539 &9223372036854775807
SceneRoots:
  m_ObjectHideFlags: 0
  m_Roots:
  - {fileID: 101}
  - {fileID: 201}
"""


def text_of(sample: str) -> str:
    """A sample's scene."""
    meta = meta_of(PACKAGE / "Samples~" / sample / f"{SAMPLES[sample]}.cs").read_text()
    guid = next(line.split()[1] for line in meta.splitlines() if line.startswith("guid:"))
    return SCENE.replace("NAME", sample).replace("GUID", guid)


def main() -> int:
    """Returns 1 if a check found something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a scene differs")
    check = parser.parse_args().check
    differing = 0
    for sample in SAMPLES:
        path = PACKAGE / "Samples~" / sample / f"{sample}.unity"
        if not path.exists() or path.read_text() != text_of(sample):
            differing += 1
            print(f"scene: {path.relative_to(PACKAGE)}")
            if not check:
                path.write_text(text_of(sample))
    return int(check and differing > 0)


if __name__ == "__main__":
    sys.exit(main())
