#nullable enable
using StreamDit.Unity;
using UnityEditor;

namespace StreamDit.Editor
{
    /// <summary>Ends every connection before the editor unloads the code, or leaves the mode, that they call back into.</summary>
    internal static class EditorLifetime
    {
        [InitializeOnLoadMethod]
        private static void Begin()
        {
            if (AssetDatabase.IsAssetImportWorkerProcess())
            {
                return; // nothing is played there
            }

            EditorApplication.update += KnownNames.Look;
            AssemblyReloadEvents.beforeAssemblyReload += () =>
            {
                Lifetime.CloseAll("domain reload");
                FrameTexture.DisposeAll();
            };
            EditorApplication.quitting += () => Lifetime.CloseAll("editor quit");
            EditorApplication.playModeStateChanged += change =>
            {
                if (change == PlayModeStateChange.ExitingPlayMode || change == PlayModeStateChange.ExitingEditMode)
                {
                    Lifetime.CloseAll("play mode changed");
                }
            };
        }
    }
}
