#nullable enable
using UnityEditor;
using UnityEngine;

namespace StreamDit.Setup
{
    /// <summary>Lists what is needed with its version and state, and adds what is missing.</summary>
    internal sealed class SetupWindow : EditorWindow
    {
        private SetupPlan? _plan;
        private Vector2 _scroll;

        [MenuItem("Window/StreamDiT/Setup")]
        public static void Open()
        {
            SetupWindow window = GetWindow<SetupWindow>(true, "StreamDiT setup");
            window.minSize = new Vector2(620, 380);
            window.Show();
        }

        private void OnEnable() => SetupRun.Checked += Refresh;

        private void OnDisable() => SetupRun.Checked -= Refresh;

        private void OnFocus() => Refresh();

        private void Refresh()
        {
            _plan = null;
            Repaint();
        }

        private void OnGUI()
        {
            SetupPlan plan = _plan ??= ProjectFiles.Plan();
            EditorGUILayout.HelpBox(Headline(plan), plan.IsComplete ? MessageType.Info : MessageType.Warning);
            if (SetupRun.Trouble.Length > 0)
            {
                EditorGUILayout.HelpBox(SetupRun.Trouble, MessageType.Error);
            }

            if (plan.Obstacle.Length > 0)
            {
                EditorGUILayout.HelpBox(plan.Obstacle, MessageType.Error);
            }

            _scroll = EditorGUILayout.BeginScrollView(_scroll);
            foreach (SetupPlan.Entry entry in plan.Entries)
            {
                EditorGUILayout.BeginHorizontal();
                EditorGUILayout.LabelField($"{entry.Dependency.Name} {entry.Dependency.Version}", entry.Told);
                EditorGUILayout.LabelField(entry.Dependency.Purpose);
                EditorGUILayout.EndHorizontal();
            }

            EditorGUILayout.EndScrollView();
            EditorGUI.BeginDisabledGroup(plan.IsComplete || SetupRun.IsRunning);
            if (GUILayout.Button(SetupRun.IsRunning ? "Adding ..." : "Add what is missing"))
            {
                SetupRun.Start();
            }

            EditorGUI.EndDisabledGroup();
        }

        private static string Headline(SetupPlan plan) => plan.IsComplete
            ? "Everything StreamDiT needs is here."
            : "StreamDiT needs the packages below. Until they are here its components stay switched off, and the rest"
                + " of the project compiles as before. The button adds them to this project, from GitHub and nuget.org.";
    }
}
