#nullable enable
using StreamDit.Unity;
using UnityEngine;

namespace StreamDit.Samples
{
    /// <summary>A screen and a prompt box: open the scene, or put this on an empty object, and press Play.</summary>
    [AddComponentMenu("StreamDiT/Samples/Quad")]
    public sealed class QuadSample : MonoBehaviour
    {
        [SerializeField] private string address = "localhost:50051";

        private StreamDitBehaviour? _session;
        private string _typed = "a fox in a forest at night, snow";
        private string _told = "";

        private void Start()
        {
            GameObject quad = ScreenQuad.Create("StreamDiT Screen").gameObject;
            quad.transform.localScale = new Vector3(8, 8, 1);
            _session = quad.GetComponent<StreamDitBehaviour>();
            _session.Settings.address = address;
            _session.OnPromptApplied.AddListener(text => _told = $"now: {text}");
            _session.OnTrouble.AddListener(text => _told = text);
            quad.SetActive(true);
        }

        private void Update()
        {
            foreach (char letter in KeyInput.Typed())
            {
                if (letter == '\n')
                {
                    if (_session != null)
                    {
                        _session.Prompt(_typed);
                    }
                }
                else if (letter != '\b')
                {
                    _typed += letter;
                }
                else if (_typed.Length > 0)
                {
                    _typed = _typed.Substring(0, _typed.Length - 1);
                }
            }
        }

        // It draws only: with the Input System alone no key and no click comes this way.
        private void OnGUI()
        {
            GUI.Label(new Rect(10, 10, Screen.width - 20, 44), _told);
            GUI.Label(new Rect(10, Screen.height - 64, Screen.width - 20, 24), "Type what the world should be, then Return:");
            GUI.Label(new Rect(10, Screen.height - 40, Screen.width - 20, 30), _typed + "_");
        }
    }
}
