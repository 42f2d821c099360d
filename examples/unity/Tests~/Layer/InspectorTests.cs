#nullable enable
using NUnit.Framework;
using StreamDit.Editor;
using StreamDit.Unity;
using UnityEditor;
using UnityEngine;

namespace StreamDit.Tests
{
    /// <summary>What the inspector does to lists of bindings and to several objects at once.</summary>
    public sealed class InspectorTests
    {
        [SetUp]
        public void Clear()
        {
            SessionState.StubClear();
            EditorGUI.StubChosen.Clear();
            EditorGUI.StubOffered.Clear();
            GUI.StubDrawn.Clear();
        }

        [Test]
        public void A_state_binding_added_with_the_plus_button_has_scale_1()
        {
            StreamDitStateSource source = new GameObject("Player").AddComponent<StreamDitStateSource>();
            Added(source, 1);
            Assert.That(source.Bindings[0].scale, Is.EqualTo(1));
            source.Bindings[0].scale = 16;
            Added(source, 2);
            Assert.That(source.Bindings[1].scale, Is.EqualTo(16), "a copy of the one before");
            source.Bindings[1].scale = 0;
            Added(source, 2);
            Assert.That(source.Bindings[1].scale, Is.Zero, "who writes 0 keeps it");
        }

        [Test]
        public void An_action_binding_added_with_the_plus_button_has_value_1()
        {
            StreamDitActionSource source = new GameObject("Player").AddComponent<StreamDitActionSource>();
            Added(source, 1);
            Assert.That(source.Bindings[0].value, Is.EqualTo(1));
        }

        [Test]
        public void Several_selected_objects_keep_their_own_members_until_one_is_chosen()
        {
            StreamDitStateSource first = Bound("position.x");
            StreamDitStateSource second = Bound("position.y");
            second.Bindings[0].component = first.Bindings[0].component;
            Draw(new StateBindingDrawer(), first, second);
            Assert.That(GUI.StubDrawn, Has.Some.EqualTo("Member: (mixed)"));
            Assert.That(first.Bindings[0].member, Is.EqualTo("position.x"));
            Assert.That(second.Bindings[0].member, Is.EqualTo("position.y"));
            EditorGUI.StubChosen["Member"] = "localPosition.z";
            Draw(new StateBindingDrawer(), first, second);
            Assert.That(first.Bindings[0].member, Is.EqualTo("localPosition.z"));
            Assert.That(second.Bindings[0].member, Is.EqualTo("localPosition.z"));
        }

        [Test]
        public void A_prefabs_override_of_a_member_is_marked()
        {
            EditorGUI.StubProperties.Clear();
            Draw(new StateBindingDrawer(), Bound("position.x"));
            Assert.That(EditorGUI.StubProperties, Has.Some.EqualTo("bindings.Array.data[0].member"));
        }

        [Test]
        public void A_misspelled_member_is_shown_and_stays_until_another_is_chosen()
        {
            StreamDitStateSource source = Bound("postion.x");
            Draw(new StateBindingDrawer(), source);
            Assert.That(GUI.StubDrawn, Has.Some.EqualTo("Member: postion.x"));
            Assert.That(source.Bindings[0].member, Is.EqualTo("postion.x"));
        }

        [Test]
        public void Actions_and_state_fields_are_chosen_from_those_of_the_world_played_last()
        {
            StreamDitActionSource actions = new GameObject("Player").AddComponent<StreamDitActionSource>();
            actions.Bindings.Add(new ActionBinding { action = "jmp" });
            Draw(new ActionBindingDrawer(), actions);
            Assert.That(GUI.StubDrawn, Has.Some.EqualTo("Action: field"), "nothing is known yet: it is typed");

            using Engine engine = Engine.StartScript("steered.py");
            EditorApplication.StubLoad(typeof(EditorLifetime).Assembly);
            StreamDitBehaviour session = Stage.Session(engine.Address, settings => settings.prompt = "");
            Stage.Until(() => session.Opened != null, "the session");
            EditorApplication.StubTick(0.1);
            EditorGUI.StubChosen["Action"] = "jump";
            Draw(new ActionBindingDrawer(), actions);
            Assert.That(
                EditorGUI.StubOffered["Action"], Is.EqualTo(new[] { "jmp", "left", "right", "jump", "throttle" }));
            Assert.That(actions.Bindings[0].action, Is.EqualTo("jump"));
            UnityEngine.Object.Destroy(session.gameObject);

            Draw(new StateBindingDrawer(), Bound("position.x"));
            Assert.That(EditorGUI.StubOffered, Contains.Key("State field"));
        }

        private static StreamDitStateSource Bound(string member)
        {
            StreamDitStateSource source = new GameObject("Player").AddComponent<StreamDitStateSource>();
            source.Bindings.Add(new StateBinding { field = "x", component = source.transform, member = member });
            return source;
        }

        private static void Added(MonoBehaviour source, int count)
        {
            var inspected = new SerializedObject(source);
            inspected.FindProperty("bindings").arraySize = count;
            inspected.ApplyModifiedProperties();
        }

        private static void Draw(PropertyDrawer drawer, params UnityEngine.Object[] selected)
        {
            var inspected = new SerializedObject(selected);
            SerializedProperty binding = inspected.FindProperty("bindings").GetArrayElementAtIndex(0);
            drawer.OnGUI(new Rect(0, 0, 400, 64), binding, GUIContent.none);
        }
    }
}
