#nullable enable
using StreamDit.Unity;
using UnityEditor;
using UnityEngine;

namespace StreamDit.Editor
{
    /// <summary>GameObject > StreamDiT > Screen: a quad that shows a session, ready to press Play.</summary>
    internal static class CreateMenu
    {
        [MenuItem("GameObject/StreamDiT/Screen", false, 10)]
        private static void CreateScreen()
        {
            GameObject screen = GameObject.CreatePrimitive(PrimitiveType.Quad);
            screen.name = "StreamDiT Screen";
            screen.AddComponent<StreamDitBehaviour>();
            screen.AddComponent<StreamDitScreen>();
            Undo.RegisterCreatedObjectUndo(screen, "Create StreamDiT Screen");
            Selection.activeGameObject = screen;
        }
    }
}
