#nullable enable
using StreamDit.Unity;
using UnityEditor;
using UnityEditor.SceneManagement;
using UnityEngine;

namespace StreamDit.Editor
{
    /// <summary>GameObject > StreamDiT > Screen: a quad that shows a session, ready to press Play.</summary>
    internal static class CreateMenu
    {
        [MenuItem("GameObject/StreamDiT/Screen", false, 10)]
        private static void CreateScreen(MenuCommand command)
        {
            GameObject screen = ScreenQuad.Create("StreamDiT Screen").gameObject;
            screen.SetActive(true);
            // Into the prefab that is being edited, below what was clicked on.
            StageUtility.PlaceGameObjectInCurrentStage(screen);
            GameObjectUtility.SetParentAndAlign(screen, command.context as GameObject);
            Undo.RegisterCreatedObjectUndo(screen, "Create StreamDiT Screen");
            Selection.activeGameObject = screen;
        }
    }
}
