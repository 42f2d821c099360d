using System;
using System.Collections.Generic;

namespace UnityEngine
{
    [Flags]
    public enum HideFlags
    {
        None = 0,
        HideAndDontSave = 61,
    }

    public class Object
    {
        private bool _destroyed;

        public string name { get; set; } = "";

        public HideFlags hideFlags { get; set; }

        public static implicit operator bool(Object exists) => !(exists is null) && !exists._destroyed;

        public static bool operator ==(Object x, Object y) => x ? y && ReferenceEquals(x, y) : !y;

        public static bool operator !=(Object x, Object y) => !(x == y);

        public override bool Equals(object other) => other is Object unity && this == unity;

        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

        public static void Destroy(Object obj) => DestroyImmediate(obj);

        public static void DestroyImmediate(Object obj)
        {
            if (!obj)
            {
                return;
            }

            obj.OnDestroyed();
            obj._destroyed = true;
        }

        private protected virtual void OnDestroyed()
        {
        }
    }

    public class ScriptableObject : Object
    {
    }

    public class Component : Object
    {
        public GameObject gameObject { get; internal set; }

        public Transform transform => gameObject.transform;

        public T GetComponent<T>() => gameObject.GetComponent<T>();

        public T GetComponentInParent<T>() => gameObject.GetComponent<T>();
    }

    public class Behaviour : Component
    {
        public bool enabled
        {
            get => _enabled;
            set
            {
                if (_enabled != value)
                {
                    _enabled = value;
                    OnEnabledChanged(value);
                }
            }
        }

        public bool isActiveAndEnabled => _enabled;

        private bool _enabled = true;

        private protected virtual void OnEnabledChanged(bool value)
        {
        }
    }

    public class MonoBehaviour : Behaviour
    {
        private protected override void OnEnabledChanged(bool value) => StubPlayer.Enabled(this, value);

        private protected override void OnDestroyed() => StubPlayer.Remove(this);
    }

    public class Transform : Component
    {
        public Vector3 position { get; set; }

        public Vector3 localPosition { get; set; }

        public Vector3 localScale { get; set; } = Vector3.one;

        internal List<Transform> Children { get; } = new List<Transform>();

        public Transform parent { get; private set; }

        public void SetParent(Transform parent, bool worldPositionStays)
        {
            this.parent = parent;
            parent.Children.Add(this);
        }
    }

    public enum PrimitiveType
    {
        Sphere,
        Capsule,
        Cylinder,
        Cube,
        Plane,
        Quad,
    }

    public sealed class GameObject : Object
    {
        private readonly List<Component> _components = new List<Component>();

        public GameObject() : this("New Game Object")
        {
        }

        public GameObject(string name)
        {
            this.name = name;
            transform = new Transform { gameObject = this };
        }

        public Transform transform { get; }

        public static GameObject CreatePrimitive(PrimitiveType type)
        {
            var made = new GameObject(type.ToString());
            made.AddComponent<MeshRenderer>();
            return made;
        }

        public T AddComponent<T>() where T : Component
        {
            T component = (T)Activator.CreateInstance(typeof(T), true);
            component.gameObject = this;
            component.name = name;
            _components.Add(component);
            if (activeSelf && component is MonoBehaviour behaviour)
            {
                StubPlayer.Add(behaviour);
            }

            return component;
        }

        /// <summary>Components added to an inactive object wake up here. The stub has no way back.</summary>
        public void SetActive(bool value)
        {
            bool wakes = value && !activeSelf;
            activeSelf = value;
            foreach (Component component in wakes ? _components.ToArray() : Array.Empty<Component>())
            {
                if (component is MonoBehaviour behaviour)
                {
                    StubPlayer.Add(behaviour);
                }
            }
        }

        public bool activeSelf { get; private set; } = true;

        public T[] GetComponentsInChildren<T>(bool includeInactive)
        {
            var found = new List<T>();
            foreach (Component component in _components)
            {
                if (component is T one)
                {
                    found.Add(one);
                }
            }

            foreach (Transform child in transform.Children)
            {
                found.AddRange(child.gameObject.GetComponentsInChildren<T>(includeInactive));
            }

            return found.ToArray();
        }

        public T GetComponent<T>()
        {
            foreach (Component component in _components)
            {
                if (component is T found)
                {
                    return found;
                }
            }

            return default;
        }

        private protected override void OnDestroyed()
        {
            foreach (Component component in _components)
            {
                DestroyImmediate(component);
            }

            foreach (Transform child in transform.Children)
            {
                DestroyImmediate(child.gameObject);
            }
        }
    }
}

namespace UnityEngine.SceneManagement
{
    public struct Scene
    {
        /// <summary>Not Unity's: what is in it.</summary>
        public GameObject[] StubRoots;

        public string path { get; set; } // Unity has no setter; tests do

        public GameObject[] GetRootGameObjects() => StubRoots;
    }
}
