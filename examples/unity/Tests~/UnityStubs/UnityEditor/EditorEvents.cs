using System;
using System.Collections.Generic;
using System.Reflection;

namespace UnityEditor
{
    public class InitializeOnLoadMethodAttribute : Attribute
    {
    }

    public sealed class MenuItem : Attribute
    {
        public MenuItem(string itemName)
        {
        }

        public MenuItem(string itemName, bool isValidateFunction, int priority)
        {
        }
    }

    public sealed class MenuCommand
    {
        public UnityEngine.Object context;

        public MenuCommand(UnityEngine.Object inContext)
        {
            context = inContext;
        }
    }

    public sealed class GameObjectUtility
    {
        public static void SetParentAndAlign(UnityEngine.GameObject child, UnityEngine.GameObject parent)
        {
            if (parent != null)
            {
                child.transform.SetParent(parent.transform, false);
            }
        }
    }

    public enum PlayModeStateChange
    {
        EnteredEditMode,
        ExitingEditMode,
        EnteredPlayMode,
        ExitingPlayMode,
    }

    public static class AssemblyReloadEvents
    {
        public delegate void AssemblyReloadCallback();

        public static event AssemblyReloadCallback beforeAssemblyReload;

        /// <summary>Not Unity's: the code is about to be unloaded.</summary>
        public static void StubReload() => beforeAssemblyReload?.Invoke();
    }

    public sealed class EditorApplication
    {
        public delegate void CallbackFunction();

        public static CallbackFunction update;

        public static CallbackFunction delayCall;

        public static event Action quitting;

        public static event Action<PlayModeStateChange> playModeStateChanged;

        public static double timeSinceStartup { get; private set; }

        public static bool isCompiling => false;

        public static bool isUpdating => false;

        /// <summary>Not Unity's: menu items that other packages would have.</summary>
        public static Dictionary<string, Action> StubMenu { get; } = new Dictionary<string, Action>();

        public static bool ExecuteMenuItem(string menuItemPath)
        {
            bool found = StubMenu.TryGetValue(menuItemPath, out Action item);
            item?.Invoke();
            return found;
        }

        /// <summary>Not Unity's: one turn of the editor's loop, so many seconds after the last.</summary>
        public static void StubTick(double seconds)
        {
            timeSinceStartup += seconds;
            CallbackFunction delayed = delayCall;
            delayCall = null;
            delayed?.Invoke();
            update?.Invoke();
        }

        /// <summary>Not Unity's.</summary>
        public static void StubChange(PlayModeStateChange change) => playModeStateChanged?.Invoke(change);

        /// <summary>Not Unity's.</summary>
        public static void StubQuit() => quitting?.Invoke();

        /// <summary>Not Unity's: what the editor does with [InitializeOnLoadMethod] after the code was loaded.</summary>
        public static void StubLoad(Assembly assembly)
        {
            foreach (Type type in assembly.GetTypes())
            {
                foreach (MethodInfo method in type.GetMethods(
                    BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                {
                    if (method.GetCustomAttribute<InitializeOnLoadMethodAttribute>() != null)
                    {
                        method.Invoke(null, null);
                    }
                }
            }
        }
    }

    public class SessionState
    {
        private static readonly Dictionary<string, object> Values = new Dictionary<string, object>();

        public static void SetBool(string key, bool value) => Values[key] = value;

        public static bool GetBool(string key, bool defaultValue) =>
            Values.TryGetValue(key, out object value) ? (bool)value : defaultValue;

        public static void SetFloat(string key, float value) => Values[key] = value;

        public static float GetFloat(string key, float defaultValue) =>
            Values.TryGetValue(key, out object value) ? (float)value : defaultValue;

        public static void SetString(string key, string value) => Values[key] = value;

        public static string GetString(string key, string defaultValue) =>
            Values.TryGetValue(key, out object value) ? (string)value : defaultValue;

        /// <summary>Not Unity's: the editor was started anew.</summary>
        public static void StubClear() => Values.Clear();
    }

    public class AssetPostprocessor
    {
    }

    public sealed class AssetDatabase
    {
        /// <summary>Not Unity's: this is a process that imports assets.</summary>
        public static bool StubIsWorker { get; set; }

        public static void Refresh()
        {
        }

        public static bool IsAssetImportWorkerProcess() => StubIsWorker;
    }

    public sealed class Undo
    {
        public static void RegisterCreatedObjectUndo(UnityEngine.Object objectToUndo, string name)
        {
        }
    }

    public sealed class Selection
    {
        public static UnityEngine.GameObject activeGameObject { get; set; }
    }
}

namespace UnityEditor.SceneManagement
{
    public static class StageUtility
    {
        public static void PlaceGameObjectInCurrentStage(UnityEngine.GameObject gameObject)
        {
        }
    }
}
