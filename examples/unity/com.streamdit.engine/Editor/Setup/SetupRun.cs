#nullable enable
using System;
using UnityEditor;
using UnityEditor.PackageManager;
using UnityEditor.PackageManager.Requests;
using UnityEngine;

namespace StreamDit.Setup
{
    /// <summary>
    /// One click, several steps: between them the editor compiles and loads all code anew, so what is going on is kept
    /// in the editor's session state and taken up again by <see cref="Check"/>.
    /// </summary>
    internal static class SetupRun
    {
        private const string AskedKey = "StreamDit.Setup.Asked";
        private const string RunningKey = "StreamDit.Setup.Running";
        private const string TriedKey = "StreamDit.Setup.Tried";
        private const string TroubleKey = "StreamDit.Setup.Trouble";

        private const string UntilKey = "StreamDit.Setup.Until";
        private const float WaitS = 60; // for what was asked for to appear, after imports and reloads
        private const double LookEveryS = 0.5;

        private static Request? _request;
        private static double _nextLookS;

        /// <summary>The project was looked at: what a window shows of it may be old.</summary>
        public static event Action? Checked;

        public static bool IsRunning => SessionState.GetBool(RunningKey, false);

        /// <summary>Why the last step failed, for people; "" if it did not.</summary>
        public static string Trouble => SessionState.GetString(TroubleKey, "");

        /// <summary>The click.</summary>
        public static void Start()
        {
            SessionState.SetBool(RunningKey, true);
            SessionState.SetString(TriedKey, "");
            SessionState.SetString(TroubleKey, "");
            Check();
        }

        [InitializeOnLoadMethod]
        private static void AfterLoad()
        {
            // Imports run in processes of their own, where nobody looks and nothing may be written.
            if (!AssetDatabase.IsAssetImportWorkerProcess())
            {
                EditorApplication.delayCall += Check;
            }
        }

        /// <summary>Looks at the project, sets the symbol, goes on with what was begun, or asks once per session.</summary>
        public static void Check()
        {
            try
            {
                Look();
            }
            catch (Exception error)
            {
                // A file that cannot be read or written; a button that says "Adding ..." for ever would not say so.
                Fail(error.Message);
            }

            Checked?.Invoke();
        }

        private static void Look()
        {
            SetupPlan plan = ProjectFiles.Plan();
            DependenciesSymbol.Set(plan.IsComplete);
            if (plan.IsComplete)
            {
                SessionState.SetBool(RunningKey, false);
            }
            else if (IsRunning)
            {
                Take(plan);
            }
            else if (!SessionState.GetBool(AskedKey, false))
            {
                SessionState.SetBool(AskedKey, true);
                Ask();
            }
        }

        private static void Ask()
        {
            if (Application.isBatchMode)
            {
                Debug.LogWarning("StreamDiT: dependencies are missing; open Window > StreamDiT > Setup in the editor.");
                return;
            }

            SetupWindow.Open();
        }

        private static void Take(SetupPlan plan)
        {
            SetupStep step = plan.Next;
            if (_request != null)
            {
                return; // under way
            }

            if (step == SetupStep.Blocked)
            {
                Fail(plan.Obstacle);
                return;
            }

            if (SessionState.GetString(TriedKey, "") == step.ToString())
            {
                Await(step);
                return;
            }

            SessionState.SetString(TriedKey, step.ToString());
            SessionState.SetFloat(UntilKey, (float)EditorApplication.timeSinceStartup + WaitS);
            switch (step)
            {
                case SetupStep.AddInstaller:
                    // First, so that NuGetForUnity finds the list when it is loaded and restores at once.
                    ProjectFiles.WritePackagesConfig();
                    Add(Dependencies.Installer);
                    break;
                case SetupStep.RestoreNuGet:
                    ProjectFiles.WritePackagesConfig();
                    EditorApplication.ExecuteMenuItem("NuGet/Restore Packages");
                    LookLater();
                    break;
                case SetupStep.AddHandler:
                    Add(Dependencies.Handler);
                    break;
            }
        }

        // What was added is registered after the editor has refreshed, compiled and loaded: later than the request is complete.
        private static void Await(SetupStep step)
        {
            if (IsBusy)
            {
                SessionState.SetFloat(UntilKey, (float)EditorApplication.timeSinceStartup + WaitS);
            }

            if (EditorApplication.timeSinceStartup < SessionState.GetFloat(UntilKey, 0))
            {
                LookLater();
            }
            else
            {
                Fail($"{Sentence(step)} was tried and changed nothing within {WaitS} s; the console says more.");
            }
        }

        private static bool IsBusy => EditorApplication.isCompiling || EditorApplication.isUpdating;

        private static void LookLater()
        {
            _nextLookS = EditorApplication.timeSinceStartup + LookEveryS;
            EditorApplication.update -= LookAgain;
            EditorApplication.update += LookAgain;
        }

        private static void LookAgain()
        {
            if (EditorApplication.timeSinceStartup >= _nextLookS && !IsBusy)
            {
                EditorApplication.update -= LookAgain;
                Check();
            }
        }

        private static void Add(string package)
        {
            foreach (Dependency dependency in Dependencies.All(ProjectFiles.ShippedPackagesConfig))
            {
                if (dependency.Name == package)
                {
                    _request = Client.Add(dependency.Url);
                    EditorApplication.update += Watch;
                }
            }
        }

        private static void Watch()
        {
            if (_request == null || !_request.IsCompleted)
            {
                return;
            }

            EditorApplication.update -= Watch;
            Request request = _request;
            _request = null;
            if (request.Status == StatusCode.Failure)
            {
                Fail($"the Package Manager says: {request.Error.message}");
                Checked?.Invoke();
                return;
            }

            Check();
        }

        private static void Fail(string trouble)
        {
            SessionState.SetBool(RunningKey, false);
            SessionState.SetString(TroubleKey, trouble);
            Debug.LogError("StreamDiT setup: " + trouble);
        }

        private static string Sentence(SetupStep step) => step switch
        {
            SetupStep.AddInstaller => "Adding NuGetForUnity",
            SetupStep.RestoreNuGet => "Restoring the NuGet packages",
            _ => "Adding YetAnotherHttpHandler",
        };
    }

    /// <summary>Looks again when a DLL came or went.</summary>
    internal sealed class SetupOnImport : AssetPostprocessor
    {
        private static void OnPostprocessAllAssets(string[] imported, string[] deleted, string[] moved, string[] movedFrom)
        {
            if (HasDll(imported) || HasDll(deleted))
            {
                EditorApplication.delayCall += SetupRun.Check;
            }
        }

        private static bool HasDll(string[] paths) =>
            Array.Exists(paths, path => path.EndsWith(".dll", StringComparison.OrdinalIgnoreCase));
    }
}
