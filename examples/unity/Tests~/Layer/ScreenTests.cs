#nullable enable
using System.Reflection;
using NUnit.Framework;
using StreamDit.Unity;
using UnityEditor;
using UnityEngine;
using UnityEngine.Rendering;

namespace StreamDit.Tests
{
    /// <summary>On which material a picture is seen as it came.</summary>
    public sealed class ScreenTests
    {
        [TearDown]
        public void LeavePipeline() => GraphicsSettings.currentRenderPipeline = null;

        [TestCase(null, "Unlit/Texture")]
        [TestCase(typeof(UniversalRenderPipelineAsset), "Universal Render Pipeline/Unlit")]
        [TestCase(typeof(HDRenderPipelineAsset), "HDRP/Unlit")]
        public void A_screen_from_the_menu_takes_no_light(System.Type? pipeline, string shader)
        {
            GraphicsSettings.currentRenderPipeline =
                pipeline == null ? null : (RenderPipelineAsset)System.Activator.CreateInstance(pipeline)!;
            GameObject screen = FromMenu(null);
            Assert.That(screen.GetComponent<Renderer>().sharedMaterial.shader.name, Is.EqualTo(shader));
            Assert.That(screen.GetComponent<StreamDitScreen>(), Is.Not.Null);
            Assert.That(screen.activeSelf, Is.True);
            UnityEngine.Object.Destroy(screen);
        }

        [Test]
        public void A_screen_from_the_menu_lies_below_what_was_clicked_on()
        {
            var room = new GameObject("Room");
            GameObject screen = FromMenu(room);
            Assert.That(screen.transform.parent, Is.SameAs(room.transform));
            UnityEngine.Object.Destroy(room);
        }

        [TestCase("Universal Render Pipeline/Unlit", "_BaseMap")]
        [TestCase("HDRP/Unlit", "_UnlitColorMap")]
        [TestCase("HDRP/Lit", "_BaseColorMap")]
        [TestCase("Unlit/Texture", "_MainTex")]
        public void The_texture_that_the_shader_draws_is_found(string shader, string property)
        {
            Shader.StubShaders["HDRP/Lit"] = new[] { "_BaseColorMap", "_MainTex" };
            (StreamDitBehaviour session, MeshRenderer renderer) = Shown(new Material(Shader.Find(shader)));
            Assert.That(renderer.StubValue(property), Is.Not.Null);
            Assert.That(session.Link!.Trouble, Is.Empty);
            UnityEngine.Object.Destroy(session.gameObject);
        }

        [Test]
        public void A_material_without_a_texture_that_is_known_is_told()
        {
            Shader.StubShaders["Mine"] = new[] { "_Picture" };
            (StreamDitBehaviour session, _) = Shown(new Material(Shader.Find("Mine")) { name = "Wall" });
            Assert.That(session.Link!.Trouble, Does.Contain("the material 'Wall' of 'Player'").And.Contain("'Texture Property'"));
            UnityEngine.Object.Destroy(session.gameObject);
        }

        private static (StreamDitBehaviour Session, MeshRenderer Renderer) Shown(Material material)
        {
            StreamDitBehaviour session = Stage.Session(Engines.Shared.Address);
            MeshRenderer renderer = session.gameObject.AddComponent<MeshRenderer>();
            renderer.sharedMaterial = material;
            StreamDitScreen screen = session.gameObject.AddComponent<StreamDitScreen>();
            Stage.Until(() => screen.Texture != null, "a picture");
            return (session, renderer);
        }

        private static GameObject FromMenu(GameObject? clicked)
        {
            System.Type menu = typeof(Editor.StreamDitWindow).Assembly.GetType("StreamDit.Editor.CreateMenu")!;
            menu.GetMethod("CreateScreen", BindingFlags.Static | BindingFlags.NonPublic)!
                .Invoke(null, new object[] { new MenuCommand(clicked) });
            return Selection.activeGameObject;
        }

        // As the pipelines' packages call theirs.
        private sealed class UniversalRenderPipelineAsset : RenderPipelineAsset
        {
        }

        private sealed class HDRenderPipelineAsset : RenderPipelineAsset
        {
        }
    }
}
