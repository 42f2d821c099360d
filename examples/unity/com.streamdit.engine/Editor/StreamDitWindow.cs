#nullable enable
using System.Collections.Generic;
using StreamDit.Unity;
using UnityEditor;
using UnityEngine;

namespace StreamDit.Editor
{
    /// <summary>
    /// Watches the session of the running game, or one of its own outside of play mode: live picture, pace, latency,
    /// drops, trouble and what happened.
    /// </summary>
    internal sealed class StreamDitWindow : EditorWindow
    {
        private const double ReadEveryS = 0.5;

        // Serialized: kept over a reload of the code and, with the layout, over the editor's end. No token is.
        [SerializeField] private LinkSettings _settings = new LinkSettings();
        private EngineLink? _own;
        private SessionStats? _stats;
        private double _readS = double.NegativeInfinity;
        private string _prompt = "";
        [System.NonSerialized] private string _token = "";
        private Vector2 _scroll;

        // What ended stays to be read until something else begins.
        private static EngineLink? Watched => Lifetime.Newest ?? Lifetime.Last;

        [MenuItem("Window/StreamDiT/Engine")]
        public static void Open()
        {
            StreamDitWindow window = GetWindow<StreamDitWindow>("StreamDiT");
            window.minSize = new Vector2(320, 420);
            window.Show();
        }

        private void OnEnable() => EditorApplication.update += Tick;

        private void OnDisable()
        {
            EditorApplication.update -= Tick;
            _own?.Dispose();
            _own = null;
        }

        private void Tick()
        {
            double nowS = EditorApplication.timeSinceStartup;
            _own?.Poll(nowS);
            EngineLink? watched = Watched;
            if (watched == null)
            {
                return;
            }

            bool another = watched.RefreshPicture();
            if (nowS - _readS >= ReadEveryS)
            {
                _readS = nowS;
                _stats = watched.Session?.Stats();
                another = true;
            }

            if (another)
            {
                Repaint();
            }
        }

        private void OnGUI()
        {
            DrawAddress();
            EngineLink? watched = Watched;
            if (watched == null)
            {
                EditorGUILayout.HelpBox("Press Connect, or Play in a scene with a StreamDiT Session.", MessageType.Info);
                return;
            }

            if (watched.Trouble.Length > 0)
            {
                EditorGUILayout.HelpBox(watched.Trouble, MessageType.Warning);
            }

            DrawPicture(watched.Picture);
            DrawPrompt(watched);
            DrawReadings(watched);
            DrawLog(watched);
        }

        private void DrawAddress()
        {
            EngineLink? watched = Watched;
            bool ours = watched == null || watched == _own || watched.Closed != null;
            EditorGUI.BeginDisabledGroup(!ours || (_own != null && _own.Closed == null));
            LinkSettings shown = ours ? _settings : watched!.Settings;
            shown.address = EditorGUILayout.TextField("Address", shown.address);
            shown.secure = EditorGUILayout.Toggle("TLS", shown.secure);
            if (shown.secure)
            {
                shown.rootCertificates = EditorGUILayout.TextField("Root certificates (PEM)", shown.rootCertificates);
            }

            if (ours)
            {
                _token = EditorGUILayout.PasswordField("Token", _token); // of a game's session it is nobody's to see
            }

            shown.world = EditorGUILayout.TextField("World", shown.world);
            EditorGUI.EndDisabledGroup();
            if (ours && (_own == null || _own.Closed != null))
            {
                if (GUILayout.Button("Connect"))
                {
                    _own?.Dispose();
                    _own = new EngineLink(_settings.With(_token));
                    _own.TroubleCame += trouble => Debug.LogWarning("StreamDiT: " + trouble);
                    _own.Open();
                }
            }
            else if (ours && GUILayout.Button("Disconnect"))
            {
                _own!.Close("disconnected in the editor window");
            }
        }

        private static void DrawPicture(FrameTexture picture)
        {
            Texture2D? texture = picture.Texture;
            Rect place = GUILayoutUtility.GetRect(256, 256);
            if (texture == null)
            {
                EditorGUI.LabelField(place, "no picture yet");
                return;
            }

            float scale = Mathf.Min(place.width / texture.width, place.height / texture.height);
            GUI.DrawTextureWithTexCoords(
                new Rect(place.x, place.y, texture.width * scale, texture.height * scale), texture, picture.UvRect);
        }

        private void DrawPrompt(EngineLink watched)
        {
            EditorGUILayout.BeginHorizontal();
            _prompt = EditorGUILayout.TextField("Prompt", _prompt);
            EditorGUI.BeginDisabledGroup(_prompt.Trim().Length == 0);
            if (GUILayout.Button("Send"))
            {
                watched.Prompt(_prompt);
            }

            EditorGUI.EndDisabledGroup();
            EditorGUILayout.EndHorizontal();
        }

        private void DrawReadings(EngineLink watched)
        {
            Opened? opened = watched.Opened;
            EditorGUILayout.LabelField("Status", watched.Session?.Status.ToString() ?? "Closed");
            EditorGUILayout.LabelField("World", opened == null
                ? "-"
                : $"{opened.World.Name}, {opened.World.Width}x{opened.World.Height}, profile {opened.Profile}");
            EditorGUILayout.LabelField("Takes", Told(opened?.World.SteeredBy));
            EditorGUILayout.LabelField("Steered at the opening by", Told(opened?.SteeredBy));
            EditorGUILayout.LabelField("Steered now by", Told(watched.Session?.SteeredBy));
            EditorGUILayout.LabelField("Pace", Told(_stats?.Fps, "fps"));
            EditorGUILayout.LabelField("Jitter p95", Told(_stats?.JitterMs?.P95, "ms"));
            EditorGUILayout.LabelField("Control latency p50", Told(_stats?.ControlLatencyMs?.P50, "ms"));
            EditorGUILayout.LabelField("Round trip", Told(_stats?.RoundTripMs, "ms"));
            EditorGUILayout.LabelField("Rung", _stats?.Rung?.ToString() ?? "-");
            EditorGUILayout.LabelField("Drops", _stats == null ? "-" : Told(_stats.Dropped));
            EditorGUILayout.LabelField("Prompt in force", _stats?.PromptInForce ?? "-");
        }

        private void DrawLog(EngineLink watched)
        {
            _scroll = EditorGUILayout.BeginScrollView(_scroll);
            foreach (string line in watched.Log.Lines)
            {
                EditorGUILayout.LabelField(line);
            }

            EditorGUILayout.EndScrollView();
        }

        // What is not there or was not measured is a dash.
        private static string Told(IReadOnlyList<Steering>? steering) =>
            steering == null || steering.Count == 0 ? "-" : string.Join(", ", steering).ToLowerInvariant();

        private static string Told(double? value, string unit) => value == null ? "-" : $"{value.Value:0.0} {unit}";

        private static string Told(Drops drops) =>
            $"{drops.Generate} generated late, {drops.Encode} encoded late, {drops.Network} without credit";
    }
}
