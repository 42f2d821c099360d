#nullable enable
using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using UnityEngine;

namespace StreamDit.Unity
{
    /// <summary>
    /// Reads one number from an object by the name of a public field or property: float, int, double, bool (0 or 1), or
    /// an axis of a vector ("position.x"). A property costs nothing to read; a field is boxed, 24 bytes or so a reading,
    /// for without code made at run time, which IL2CPP has not, there is no other way to it.
    /// </summary>
    public abstract class MemberReader
    {
        private const BindingFlags Public = BindingFlags.Instance | BindingFlags.Public;

        public abstract float Read();

        /// <summary>null if there is no such member; then the trouble says so, for people.</summary>
        public static MemberReader? Of(object target, string path, out string trouble)
        {
            string[] parts = path.Split('.');
            string axis = parts.Length == 2 ? parts[1] : "";
            trouble = "";
            MemberReader? reader = null;
            MemberInfo? member = Readable(target.GetType()).FirstOrDefault(one => one.Name == parts[0]);
            if (member is PropertyInfo property)
            {
                reader = OfProperty(target, property, axis);
            }
            else if (member is FieldInfo field)
            {
                reader = OfField(target, field, axis);
            }
            else
            {
                trouble = Advice.ForUnknownName(
                    "Member", parts[0], "in the inspector", Names(target.GetType()), $"'{target.GetType().Name}'");
                return null;
            }

            if (reader == null || parts.Length > 2)
            {
                trouble = $"Member '{path}' of '{target.GetType().Name}' is no number: it must be a float, int, double,"
                    + " bool, or x, y or z of a vector, as in position.x.";
                return null;
            }

            return reader;
        }

        /// <summary>What can be read of a type, axes written out; for choosing in the inspector.</summary>
        public static IReadOnlyList<string> Names(Type type)
        {
            var names = new List<string>();
            foreach (MemberInfo member in Readable(type))
            {
                if (member.GetCustomAttribute<ObsoleteAttribute>() == null)
                {
                    AddNames(names, member.Name, member is PropertyInfo one ? one.PropertyType : ((FieldInfo)member).FieldType);
                }
            }

            return names;
        }

        /// <summary>Public properties with a public getter, then public fields; of two with one name the more derived.</summary>
        private static IEnumerable<MemberInfo> Readable(Type type)
        {
            var seen = new HashSet<string>();
            var fields = new List<MemberInfo>();
            for (Type? declaring = type; declaring != null; declaring = declaring.BaseType)
            {
                foreach (PropertyInfo property in declaring.GetProperties(Public | BindingFlags.DeclaredOnly))
                {
                    if (property.GetGetMethod() != null && property.GetIndexParameters().Length == 0 && seen.Add(property.Name))
                    {
                        yield return property;
                    }
                }

                foreach (FieldInfo field in declaring.GetFields(Public | BindingFlags.DeclaredOnly))
                {
                    if (seen.Add(field.Name))
                    {
                        fields.Add(field);
                    }
                }
            }

            foreach (MemberInfo field in fields)
            {
                yield return field;
            }
        }

        private static void AddNames(List<string> names, string name, Type type)
        {
            if (type == typeof(float) || type == typeof(int) || type == typeof(double) || type == typeof(bool))
            {
                names.Add(name);
            }
            else if (type == typeof(Vector2) || type == typeof(Vector3))
            {
                names.Add(name + ".x");
                names.Add(name + ".y");
                if (type == typeof(Vector3))
                {
                    names.Add(name + ".z");
                }
            }
        }

        // Each type by name, so that ahead-of-time compilation makes the generic code.
        private static MemberReader? OfProperty(object target, PropertyInfo property, string axis)
        {
            Type type = property.PropertyType;
            MethodInfo getter = property.GetGetMethod();
            if (axis.Length == 0)
            {
                return type == typeof(float) ? new PropertyReader<float>(target, getter, value => value)
                    : type == typeof(int) ? new PropertyReader<int>(target, getter, value => value)
                    : type == typeof(double) ? new PropertyReader<double>(target, getter, value => (float)value)
                    : type == typeof(bool) ? new PropertyReader<bool>(target, getter, value => value ? 1 : 0)
                    : (MemberReader?)null;
            }

            if (type == typeof(Vector2) && OfVector2(axis) is Func<Vector2, float> of2)
            {
                return new PropertyReader<Vector2>(target, getter, of2);
            }

            return type == typeof(Vector3) && OfVector3(axis) is Func<Vector3, float> of3
                ? new PropertyReader<Vector3>(target, getter, of3)
                : null;
        }

        private static MemberReader? OfField(object target, FieldInfo field, string axis)
        {
            Type type = field.FieldType;
            Func<object, float>? number =
                axis.Length > 0 && type == typeof(Vector2) && OfVector2(axis) is Func<Vector2, float> of2
                    ? value => of2((Vector2)value)
                : axis.Length > 0 && type == typeof(Vector3) && OfVector3(axis) is Func<Vector3, float> of3
                    ? value => of3((Vector3)value)
                : axis.Length > 0 ? null
                : type == typeof(float) ? value => (float)value
                : type == typeof(int) ? value => (int)value
                : type == typeof(double) ? value => (float)(double)value
                : type == typeof(bool) ? value => (bool)value ? 1 : 0
                : (Func<object, float>?)null;
            return number == null ? null : new FieldReader(target, field, number);
        }

        private static Func<Vector2, float>? OfVector2(string axis) => axis switch
        {
            "x" => vector => vector.x,
            "y" => vector => vector.y,
            _ => null,
        };

        private static Func<Vector3, float>? OfVector3(string axis) => axis switch
        {
            "x" => vector => vector.x,
            "y" => vector => vector.y,
            "z" => vector => vector.z,
            _ => null,
        };

        private sealed class PropertyReader<T> : MemberReader
        {
            private readonly Func<T> _get;
            private readonly Func<T, float> _number;

            public PropertyReader(object target, MethodInfo getter, Func<T, float> number)
            {
                _get = (Func<T>)Delegate.CreateDelegate(typeof(Func<T>), target, getter);
                _number = number;
            }

            public override float Read() => _number(_get());
        }

        private sealed class FieldReader : MemberReader
        {
            private readonly object _target;
            private readonly FieldInfo _field;
            private readonly Func<object, float> _number;

            public FieldReader(object target, FieldInfo field, Func<object, float> number)
            {
                _target = target;
                _field = field;
                _number = number;
            }

            public override float Read() => _number(_field.GetValue(_target));
        }
    }
}
