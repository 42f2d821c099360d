#nullable enable
using System.Linq;
using StreamDit.Unity;
using UnityEngine;

namespace StreamDit.Samples
{
    /// <summary>Plays any world that takes actions by its own keys: open the scene, or put this on an empty object, and press Play.</summary>
    [AddComponentMenu("StreamDiT/Samples/Keys")]
    public sealed class KeysSample : MonoBehaviour
    {
        [SerializeField] private string address = "localhost:50051";

        private StreamDitBehaviour? _session;
        private string _told = "";

        private void Start()
        {
            GameObject quad = ScreenQuad.Create("StreamDiT Screen").gameObject;
            quad.transform.localScale = new Vector3(8, 6, 1);
            _session = quad.GetComponent<StreamDitBehaviour>();
            _session.Settings.address = address;
            quad.AddComponent<StreamDitActionSource>();
            _session.OnOpened.AddListener(() => _told = Keys(_session));
            _session.OnTrouble.AddListener(text => _told = text);
            quad.SetActive(true);
        }

        private void OnGUI() => GUI.Label(new Rect(10, 10, Screen.width - 20, 44), _told);

        private static string Keys(StreamDitBehaviour session)
        {
            WorldInfo? world = session.Opened?.World;
            return world == null
                ? ""
                : string.Join("   ", world.Actions.Select(action => $"{action.DefaultKey}: {action.Name}"));
        }
    }
}
