#nullable enable
using UnityEngine;

namespace StreamDit.Unity
{
    /// <summary>
    /// Shows a session's frames on a Renderer, right side up, without touching its material; or on anything else that
    /// draws <see cref="Texture"/> with <see cref="UvRect"/> (a RawImage's uvRect, GUI.DrawTextureWithTexCoords).
    /// </summary>
    [AddComponentMenu("StreamDiT/StreamDiT Screen")]
    public sealed class StreamDitScreen : MonoBehaviour
    {
        [Tooltip("Empty: the session on this object or above it.")]
        [SerializeField] private StreamDitBehaviour? source;

        [Tooltip("Empty: the renderer on this object, if it has one.")]
        [SerializeField] private Renderer? target;

        [Tooltip("The shader's texture; empty: _BaseMap, _UnlitColorMap, _BaseColorMap or _MainTex, whichever the material has.")]
        [SerializeField] private string textureProperty = "";

        [Tooltip("Point shows the pixels, Bilinear smooths them.")]
        [SerializeField] private FilterMode filter = FilterMode.Bilinear;

        // URP's, HDRP's unlit and lit, the built-in pipeline's. HDRP and URP have a _MainTex too that nothing draws.
        private static readonly string[] Known = { "_BaseMap", "_UnlitColorMap", "_BaseColorMap", "_MainTex" };

        private MaterialPropertyBlock? _properties;
        private Texture2D? _shown;
        private Rect _shownUv;

        public StreamDitBehaviour? Source
        {
            get => source;
            set => source = value;
        }

        /// <summary>null before the first frame.</summary>
        public Texture2D? Texture { get; private set; }

        /// <summary>The texture coordinates that show it the right way up.</summary>
        public Rect UvRect { get; private set; } = new Rect(0, 1, 1, -1);

        private void Start()
        {
            if (source == null)
            {
                source = GetComponentInParent<StreamDitBehaviour>();
            }

            if (target == null)
            {
                target = GetComponent<Renderer>();
            }

            if (source == null)
            {
                Debug.LogWarning($"StreamDiT: the screen '{name}' has no session to show; fill in 'Source'.", this);
            }
        }

        private void Update()
        {
            if (source == null || source.Link == null)
            {
                return;
            }

            source.RefreshPicture();
            FrameTexture picture = source.Link.Picture;
            Texture = picture.Texture;
            UvRect = picture.UvRect;
            // A renderer needs to hear of another texture only, not of other pixels in it.
            if (Texture != null && (Texture != _shown || UvRect.height != _shownUv.height))
            {
                Apply(Texture);
            }
        }

        private void Apply(Texture2D texture)
        {
            _shown = texture;
            _shownUv = UvRect;
            texture.filterMode = filter;
            if (target == null)
            {
                return;
            }

            // A property block and not the material: no copy to clean up, and the asset stays as it is.
            string property = PropertyOf(target);
            _properties ??= new MaterialPropertyBlock();
            target.GetPropertyBlock(_properties);
            _properties.SetTexture(Shader.PropertyToID(property), texture);
            _properties.SetVector(
                Shader.PropertyToID(property + "_ST"), new Vector4(UvRect.width, UvRect.height, UvRect.x, UvRect.y));
            target.SetPropertyBlock(_properties);
        }

        private string PropertyOf(Renderer renderer)
        {
            Material material = renderer.sharedMaterial;
            foreach (string property in textureProperty.Length > 0 ? new[] { textureProperty } : Known)
            {
                if (material != null && material.HasProperty(Shader.PropertyToID(property)))
                {
                    return property;
                }
            }

            string wanted = textureProperty.Length > 0 ? $"'{textureProperty}'" : string.Join(", ", Known);
            string which = material == null ? $"'{name}' has no material" : $"the material '{material.name}' of '{name}' has no texture {wanted}";
            source!.Report($"Nothing is seen on the screen: {which}. Fill in 'Texture Property' or take another material.");
            return textureProperty.Length > 0 ? textureProperty : "_MainTex";
        }
    }
}
