#nullable enable
using System;
using StreamDit.Unity;
using UnityEngine;

namespace StreamDit.Samples
{
    /// <summary>
    /// The critters game: left a classic sprite, right what the engine makes of the same state. Arrows walk and jump.
    /// Open the scene, or put this on an empty object, and press Play.
    /// </summary>
    [AddComponentMenu("StreamDiT/Samples/Critters")]
    public sealed class CrittersSample : MonoBehaviour, IStateHorizon
    {
        [SerializeField] private string address = "localhost:50051";

        private bool _left;
        private bool _right;
        private bool _jump;
        private CritterGame _game = CritterGame.Start;
        private CritterPicture? _classic;
        private StreamDitBehaviour? _session;
        private StreamDitScreen? _screen;
        private float _due;
        private string _told = "";

        // What the state source's bindings read.
        public float X => _game.X;

        public float Y => _game.Y;

        public float Facing => _game.Facing;

        public float Walk => _game.Walk;

        public float Camera => _game.Camera;

        public float Clock => _game.Clock;

        /// <summary>What comes if these keys stay down: the engine then draws ahead of the player.</summary>
        public int WriteHorizon(WorldInfo world, Span<float> steps)
        {
            int numFields = world.StateFields.Count;
            CritterGame game = _game;
            for (int frame = 0; frame < steps.Length / numFields; frame++)
            {
                game = Ticked(game);
                for (int field = 0; field < numFields; field++)
                {
                    steps[frame * numFields + field] = Value(game, world.StateFields[field]);
                }
            }

            return steps.Length / numFields;
        }

        private void Start()
        {
            _classic = new CritterPicture();
            var view = new GameObject("StreamDiT View");
            view.transform.SetParent(transform, false);
            view.SetActive(false); // a session dials when it wakes up
            _session = view.AddComponent<StreamDitBehaviour>();
            _session.Settings.address = address;
            _session.Settings.world = "critters";
            _session.Settings.prompt = "a pig in a meadow";
            _session.OnTrouble.AddListener(text => _told = text);
            _session.OnOpened.AddListener(() => _told = "");
            _screen = view.AddComponent<StreamDitScreen>();
            StreamDitStateSource state = view.AddComponent<StreamDitStateSource>();
            state.Horizon = this;
            foreach (string member in new[] { nameof(X), nameof(Y), nameof(Facing), nameof(Walk), nameof(Camera), nameof(Clock) })
            {
                state.Bindings.Add(new StateBinding
                {
                    field = member.ToLowerInvariant(), component = this, member = member,
                });
            }

            view.SetActive(true);
        }

        private void Update()
        {
            _due += Time.unscaledDeltaTime * CritterGame.TicksPerSecond;
            int numTicks = Math.Min(4, (int)_due); // after a hitch the game goes on, it does not catch up
            _due -= (int)_due;
            LookAtKeys();
            for (int tick = 0; tick < numTicks; tick++)
            {
                _game = Ticked(_game);
                _jump = KeyInput.IsHeld(KeyCode.UpArrow) || KeyInput.IsHeld(KeyCode.Space);
            }

            if (numTicks > 0)
            {
                _classic?.Draw(_game);
            }
        }

        private void LookAtKeys()
        {
            _left = KeyInput.IsHeld(KeyCode.LeftArrow);
            _right = KeyInput.IsHeld(KeyCode.RightArrow);
            // Held until the next tick of the game, however short the press was.
            _jump = _jump || KeyInput.IsHeld(KeyCode.UpArrow) || KeyInput.IsHeld(KeyCode.Space)
                || KeyInput.WasPressed(KeyCode.UpArrow) || KeyInput.WasPressed(KeyCode.Space);
        }

        // It draws only: with the Input System alone no key and no click comes this way.
        private void OnGUI()
        {
            float size = Mathf.Min(Screen.width / 2f, Screen.height - 60f);
            if (_classic != null)
            {
                GUI.DrawTexture(new Rect(0, 60, size, size), _classic.Texture);
            }

            if (_screen != null && _screen.Texture != null)
            {
                GUI.DrawTextureWithTexCoords(new Rect(size, 60, size, size), _screen.Texture, _screen.UvRect);
            }

            GUI.Label(new Rect(10, 8, Screen.width - 20, 44), _told.Length > 0 ? _told : "arrows walk and jump");
        }

        private void OnDestroy()
        {
            if (_classic != null)
            {
                Destroy(_classic.Texture);
            }
        }

        private CritterGame Ticked(CritterGame game) => game.Tick(_left, _right, _jump);

        private static float Value(in CritterGame game, StateField field) => field.Name switch
        {
            "x" => game.X,
            "y" => Math.Min(game.Y, field.Max),
            "facing" => game.Facing,
            "walk" => game.Walk,
            "camera" => game.Camera,
            "clock" => game.Clock,
            _ => field.Initial,
        };
    }
}
