using System.Collections.Generic;

namespace UnityEngine
{
    public sealed class Shader : Object
    {
        private static readonly List<string> Names = new List<string>();

        /// <summary>Not Unity's: the shaders in the project, with their textures.</summary>
        public static Dictionary<string, string[]> StubShaders { get; } = new Dictionary<string, string[]>
        {
            ["Unlit/Texture"] = new[] { "_MainTex" },
            ["Universal Render Pipeline/Unlit"] = new[] { "_BaseMap", "_MainTex" },
            ["HDRP/Unlit"] = new[] { "_UnlitColorMap", "_MainTex" },
        };

        public static Shader Find(string name) => StubShaders.ContainsKey(name) ? new Shader { name = name } : null;

        public static int PropertyToID(string name)
        {
            if (!Names.Contains(name))
            {
                Names.Add(name);
            }

            return Names.IndexOf(name);
        }
    }

    public class Material : Object
    {
        public Material(Shader shader)
        {
            this.shader = shader;
            foreach (string texture in Shader.StubShaders[shader.name])
            {
                StubProperties.Add(Shader.PropertyToID(texture));
            }
        }

        /// <summary>Not Unity's: the lit material of new objects.</summary>
        internal Material()
        {
            name = "Default-Material";
            StubProperties.Add(Shader.PropertyToID("_MainTex"));
        }

        public Shader shader { get; set; }

        /// <summary>Not Unity's: the properties the shader has.</summary>
        public HashSet<int> StubProperties { get; } = new HashSet<int>();

        public bool HasProperty(int nameID) => StubProperties.Contains(nameID);
    }

    public sealed class MaterialPropertyBlock
    {
        internal readonly Dictionary<int, object> Values = new Dictionary<int, object>();

        public void SetTexture(int nameID, Texture value) => Values[nameID] = value;

        public void SetVector(int nameID, Vector4 value) => Values[nameID] = value;
    }

    public class Renderer : Component
    {
        public Material sharedMaterial { get; set; } = new Material();

        public void GetPropertyBlock(MaterialPropertyBlock properties)
        {
            properties.Values.Clear();
            foreach (KeyValuePair<int, object> value in _values)
            {
                properties.Values[value.Key] = value.Value;
            }
        }

        public void SetPropertyBlock(MaterialPropertyBlock properties)
        {
            _values = new Dictionary<int, object>(properties.Values);
            StubNumPropertyBlocks++;
        }

        private Dictionary<int, object> _values = new Dictionary<int, object>();

        /// <summary>Not Unity's: what the shader would see.</summary>
        public object StubValue(string property) =>
            _values.TryGetValue(Shader.PropertyToID(property), out object value) ? value : null;

        /// <summary>Not Unity's.</summary>
        public int StubNumPropertyBlocks { get; private set; }
    }

    public class MeshRenderer : Renderer
    {
    }
}

namespace UnityEngine.Rendering
{
    public abstract class RenderPipelineAsset : ScriptableObject
    {
    }

    public sealed class GraphicsSettings
    {
        /// <summary>null: the built-in one.</summary>
        public static RenderPipelineAsset currentRenderPipeline { get; set; } // Unity has no setter; tests do
    }
}
