using System;
using System.Collections.Generic;
using System.Reflection;

namespace UnityEngine
{
    /// <summary>Not Unity's: calls what Unity would call, when a test says so.</summary>
    public static class StubPlayer
    {
        private static readonly Dictionary<MonoBehaviour, Calls> Running = new Dictionary<MonoBehaviour, Calls>();

        /// <summary>One turn of the player loop, so many seconds after the last.</summary>
        public static void Frame(double seconds)
        {
            Time.Advance(seconds);
            // The list is made anew only when a component came or went: a turn of the loop allocates nothing itself.
            if (_turn.Count != Running.Count || _changed)
            {
                _turn = new List<KeyValuePair<MonoBehaviour, Calls>>(Running);
                _changed = false;
            }

            for (int index = 0; index < _turn.Count; index++)
            {
                if (_turn[index].Key.enabled)
                {
                    _turn[index].Value.Update?.Invoke();
                }
            }

            for (int index = 0; index < _turn.Count; index++)
            {
                if (_turn[index].Key.enabled)
                {
                    _turn[index].Value.LateUpdate?.Invoke();
                }
            }

            StubKeyboard.EndTurn();
        }

        /// <summary>
        /// Every component's OnGUI, for the event in <see cref="Event.current"/>; with the Input System alone it hears of no input.
        /// </summary>
        public static void Gui()
        {
            EventType type = Event.current.type;
            GUI.StubIsDeaf = StubKeyboard.Handling == StubHandling.New;
            if (GUI.StubIsDeaf && type != EventType.Repaint && type != EventType.Layout)
            {
                GUI.StubIsDeaf = false;
                return;
            }

            foreach (KeyValuePair<MonoBehaviour, Calls> running in new List<KeyValuePair<MonoBehaviour, Calls>>(Running))
            {
                Find(running.Key, "OnGUI")?.Invoke();
            }

            GUI.StubIsDeaf = false;
        }

        /// <summary>The application is paused or goes on: no component's Update is called in between.</summary>
        public static void Pause(bool paused)
        {
            foreach (MonoBehaviour behaviour in new List<MonoBehaviour>(Running.Keys))
            {
                behaviour.GetType()
                    .GetMethod("OnApplicationPause", BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
                    ?.Invoke(behaviour, new object[] { paused });
            }
        }

        /// <summary>What Unity does with a [RuntimeInitializeOnLoadMethod] when the game starts.</summary>
        public static void Load(Assembly assembly)
        {
            foreach (Type type in assembly.GetTypes())
            {
                foreach (MethodInfo method in type.GetMethods(
                    BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                {
                    if (method.GetCustomAttribute<RuntimeInitializeOnLoadMethodAttribute>() != null)
                    {
                        method.Invoke(null, null);
                    }
                }
            }
        }

        private static List<KeyValuePair<MonoBehaviour, Calls>> _turn = new List<KeyValuePair<MonoBehaviour, Calls>>();
        private static bool _changed;

        internal static void Add(MonoBehaviour behaviour)
        {
            Find(behaviour, "Awake")?.Invoke();
            Running[behaviour] = new Calls(Find(behaviour, "Update"), Find(behaviour, "LateUpdate"));
            _changed = true;
            Find(behaviour, "OnEnable")?.Invoke();
            Find(behaviour, "Start")?.Invoke();
        }

        internal static void Enabled(MonoBehaviour behaviour, bool enabled) =>
            Find(behaviour, enabled ? "OnEnable" : "OnDisable")?.Invoke();

        internal static void Remove(MonoBehaviour behaviour)
        {
            if (Running.Remove(behaviour))
            {
                _changed = true;
                if (behaviour.enabled)
                {
                    Find(behaviour, "OnDisable")?.Invoke();
                }

                Find(behaviour, "OnDestroy")?.Invoke();
            }
        }

        private static Action Find(MonoBehaviour behaviour, string message)
        {
            MethodInfo method = behaviour.GetType().GetMethod(
                message, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, null, Type.EmptyTypes, null);
            return method == null ? null : (Action)Delegate.CreateDelegate(typeof(Action), behaviour, method);
        }

        private sealed class Calls
        {
            public readonly Action Update;
            public readonly Action LateUpdate;

            public Calls(Action update, Action lateUpdate)
            {
                Update = update;
                LateUpdate = lateUpdate;
            }
        }
    }

    public static class Time
    {
        public static double unscaledTimeAsDouble { get; private set; }

        public static float unscaledDeltaTime { get; private set; }

        public static int frameCount { get; private set; }

        internal static void Advance(double seconds)
        {
            unscaledTimeAsDouble += seconds;
            unscaledDeltaTime = (float)seconds;
            frameCount++;
        }
    }

    public static class Application
    {
        public static event Action quitting;

        public static bool isPlaying { get; set; } = true; // Unity has no setter; tests do

        public static bool isBatchMode { get; set; } // nor here

        public static bool runInBackground { get; set; }

        /// <summary>Not Unity's: the player closes.</summary>
        public static void StubQuit() => quitting?.Invoke();
    }

    public class Debug
    {
        /// <summary>Not Unity's: what the console would show.</summary>
        public static List<string> StubConsole { get; } = new List<string>();

        public static void Log(object message) => StubConsole.Add("log: " + message);

        public static void Log(object message, Object context) => Log(message);

        public static void LogWarning(object message) => StubConsole.Add("warning: " + message);

        public static void LogWarning(object message, Object context) => LogWarning(message);

        public static void LogError(object message) => StubConsole.Add("error: " + message);

        public static void LogError(object message, Object context) => LogError(message);

        public static void LogException(Exception exception) => StubConsole.Add("exception: " + exception.Message);
    }
}
