#nullable enable
using UnityEngine;
using UnityEngine.Rendering;

namespace StreamDit.Unity
{
    /// <summary>A quad that shows a session as it came: its material takes no light, whatever render pipeline the project has.</summary>
    public static class ScreenQuad
    {
        /// <summary>Inactive, for a session dials when it wakes up: fill in its settings, then activate it.</summary>
        public static StreamDitScreen Create(string name)
        {
            GameObject quad = GameObject.CreatePrimitive(PrimitiveType.Quad);
            quad.name = name;
            quad.SetActive(false);
            Shader? shader = Shader.Find(ShaderName(GraphicsSettings.currentRenderPipeline));
            if (shader != null)
            {
                // No asset: it lies in the scene that the quad is saved in.
                quad.GetComponent<Renderer>().sharedMaterial = new Material(shader) { name = name };
            }

            quad.AddComponent<StreamDitBehaviour>();
            return quad.AddComponent<StreamDitScreen>();
        }

        // By the asset's type, so that neither pipeline's package is needed.
        private static string ShaderName(RenderPipelineAsset? pipeline)
        {
            string type = pipeline == null ? "" : pipeline.GetType().Name;
            return type.Contains("Universal") ? "Universal Render Pipeline/Unlit"
                : type.Contains("HDRenderPipeline") ? "HDRP/Unlit"
                : "Unlit/Texture";
        }
    }
}
