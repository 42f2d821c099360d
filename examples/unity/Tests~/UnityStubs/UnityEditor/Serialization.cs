using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Runtime.Serialization;
using UnityEngine;

namespace UnityEditor
{
    /// <summary>
    /// Fields of one or several objects, as an inspector sees them. As in Unity a list that grows gets an element that is all
    /// zeros, or a copy of the last one: no constructor and no initializer runs.
    /// </summary>
    public class SerializedObject
    {
        private readonly UnityEngine.Object[] _targets;

        public SerializedObject(UnityEngine.Object obj) : this(new[] { obj })
        {
        }

        public SerializedObject(UnityEngine.Object[] objs)
        {
            _targets = objs;
        }

        public UnityEngine.Object targetObject => _targets[0];

        public SerializedProperty FindProperty(string propertyPath) => new SerializedProperty(
            this, _targets.Select(target => SerializedProperty.FieldOf(target, propertyPath)).ToList(), propertyPath);

        public void Update()
        {
        }

        /// <summary>The objects are read anew from what was written: each hears of it.</summary>
        public bool ApplyModifiedProperties()
        {
            foreach (UnityEngine.Object target in _targets)
            {
                Deserialized(target);
            }

            return true;
        }

        private static void Deserialized(object read)
        {
            (read as ISerializationCallbackReceiver)?.OnAfterDeserialize();
            foreach (FieldInfo field in SerializedProperty.FieldsOf(read.GetType()))
            {
                object value = field.GetValue(read);
                IEnumerable parts = value is IList list ? list : new[] { value };
                foreach (object part in parts)
                {
                    if (part != null && part.GetType().IsDefined(typeof(SerializableAttribute)) && part.GetType().IsClass
                        && !(part is string))
                    {
                        Deserialized(part);
                    }
                }
            }
        }
    }

    public class SerializedProperty
    {
        private readonly List<Slot> _slots;

        internal SerializedProperty(SerializedObject owner, List<Slot> slots, string path)
        {
            serializedObject = owner;
            _slots = slots;
            propertyPath = path;
        }

        public SerializedObject serializedObject { get; }

        public string propertyPath { get; }

        public string name => propertyPath.Split('.').Last();

        public bool hasMultipleDifferentValues => _slots.Any(slot => !Equals(slot.Get(), _slots[0].Get()));

        public string stringValue
        {
            get => (string)_slots[0].Get();
            set => Set(value);
        }

        public UnityEngine.Object objectReferenceValue
        {
            get => (UnityEngine.Object)_slots[0].Get();
            set => Set(value);
        }

        public float floatValue
        {
            get => (float)_slots[0].Get();
            set => Set(value);
        }

        public int arraySize
        {
            get => ((IList)_slots[0].Get()).Count;
            set
            {
                foreach (Slot slot in _slots)
                {
                    Resize((IList)slot.Get(), value);
                }
            }
        }

        public SerializedProperty FindPropertyRelative(string relativePropertyPath) => new SerializedProperty(
            serializedObject,
            _slots.Select(slot => FieldOf(slot.Get(), relativePropertyPath)).ToList(),
            $"{propertyPath}.{relativePropertyPath}");

        public SerializedProperty GetArrayElementAtIndex(int index) => new SerializedProperty(
            serializedObject,
            _slots.Select(slot => new Slot(() => ((IList)slot.Get())[index], value => ((IList)slot.Get())[index] = value))
                .ToList(),
            $"{propertyPath}.Array.data[{index}]");

        internal static Slot FieldOf(object owner, string name)
        {
            FieldInfo field = FieldsOf(owner.GetType()).First(one => one.Name == name);
            return new Slot(() => field.GetValue(owner), value => field.SetValue(owner, value));
        }

        internal static IEnumerable<FieldInfo> FieldsOf(Type type)
        {
            for (; type != null && type != typeof(object); type = type.BaseType)
            {
                foreach (FieldInfo field in type.GetFields(
                    BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                {
                    if (field.IsPublic || field.IsDefined(typeof(SerializeField)))
                    {
                        yield return field;
                    }
                }
            }
        }

        private static void Resize(IList list, int count)
        {
            Type type = list.GetType().GetGenericArguments()[0];
            while (list.Count > count)
            {
                list.RemoveAt(list.Count - 1);
            }

            while (list.Count < count)
            {
                object element = FormatterServices.GetUninitializedObject(type);
                foreach (FieldInfo field in FieldsOf(type))
                {
                    object last = list.Count > 0 ? field.GetValue(list[list.Count - 1]) : null;
                    field.SetValue(element, last ?? (field.FieldType == typeof(string) ? "" : field.GetValue(element)));
                }

                list.Add(element);
            }
        }

        private void Set(object value)
        {
            foreach (Slot slot in _slots)
            {
                slot.Set(value);
            }
        }

        internal sealed class Slot
        {
            public readonly Func<object> Get;
            public readonly Action<object> Set;

            public Slot(Func<object> get, Action<object> set)
            {
                Get = get;
                Set = set;
            }
        }
    }
}
