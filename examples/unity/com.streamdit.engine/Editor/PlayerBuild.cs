#nullable enable
using System.Collections.Generic;
using System.IO;
using UnityEditor;
using UnityEditor.Build;
using UnityEditor.Build.Reporting;
using UnityEditor.UnityLinker;
using UnityEngine;
using UnityEngine.SceneManagement;

namespace StreamDit.Editor
{
    /// <summary>
    /// When a player is built: tells what it would lack, and says what managed code stripping must leave in. A link.xml in a
    /// package is never read.
    /// </summary>
    internal sealed class PlayerBuild : IPreprocessBuildWithReport, IProcessSceneWithReport, IUnityLinkerProcessor
    {
        public int callbackOrder => 0;

        public void OnPreprocessBuild(BuildReport report)
        {
            foreach (string warning in Warnings(report.summary.platform))
            {
                Debug.LogWarning("StreamDiT: " + warning);
            }
        }

        /// <param name="report">null: the scene is played in the editor.</param>
        public void OnProcessScene(Scene scene, BuildReport? report)
        {
            if (report != null)
            {
                BoundMembers.OfProject.Put(scene.path, scene.GetRootGameObjects());
            }
        }

        public string GenerateAdditionalLinkXmlFile(BuildReport report, UnityLinkerBuildPipelineData data)
        {
            string path = Path.GetFullPath(Path.Combine("Library", "StreamDit.link.xml"));
            File.WriteAllText(path, BoundMembers.OfProject.LinkXml());
            return path;
        }

        private static IEnumerable<string> Warnings(BuildTarget platform)
        {
            if (platform == BuildTarget.Android && !PlayerSettings.Android.forceInternetPermission)
            {
                yield return "a release build for Android may lack the INTERNET permission, for Unity does not see that native code"
                    + " uses the network: set Project Settings > Player > Other Settings > Internet Access to Require.";
            }

            if (platform == BuildTarget.iOS)
            {
                yield return "iOS asks before an app may reach the local network: if your engine is there, Info.plist needs"
                    + " NSLocalNetworkUsageDescription.";
            }

            if (platform == BuildTarget.StandaloneWindows)
            {
                yield return "YetAnotherHttpHandler has no library for 32-bit Windows: no session will open. Build for 64 bit.";
            }
        }
    }
}
