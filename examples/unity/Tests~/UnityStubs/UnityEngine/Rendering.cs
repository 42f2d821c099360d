using System.Collections.Generic;

namespace UnityEngine
{
    public sealed class Shader : Object
    {
        private static readonly List<string> Names = new List<string>();

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
