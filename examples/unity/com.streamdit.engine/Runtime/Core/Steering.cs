#nullable enable

namespace StreamDit
{
    /// <summary>What a session can be steered by; the wire's numbers.</summary>
    public enum Steering
    {
        Prompt = 1,
        State = 2,
        Actions = 3,
    }

    /// <summary>What values an action takes; the wire's numbers.</summary>
    public enum ActionKind
    {
        /// <summary>0 or 1.</summary>
        Button = 1,

        /// <summary>Any value from Min to Max.</summary>
        Axis = 2,
    }

    /// <summary>One action that a world takes; 0 is the value of one that is not named.</summary>
    public sealed class ActionInfo
    {
        internal ActionInfo(
            string name, ActionKind kind, float min, float max, string group, string defaultKey, string description)
        {
            Name = name;
            Kind = kind;
            Min = min;
            Max = max;
            Group = group;
            DefaultKey = defaultKey;
            Description = description;
        }

        public string Name { get; }

        public ActionKind Kind { get; }

        public float Min { get; }

        public float Max { get; }

        /// <summary>At most one action of a group may differ from 0; "": no group.</summary>
        public string Group { get; }

        /// <summary>The key that a game would bind it to, e.g. "left", "space", "w"; "": none.</summary>
        public string DefaultKey { get; }

        /// <summary>One sentence for people.</summary>
        public string Description { get; }
    }
}
