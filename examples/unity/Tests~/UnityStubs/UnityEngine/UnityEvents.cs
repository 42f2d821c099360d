using System;

namespace UnityEngine.Events
{
    public delegate void UnityAction<T0>(T0 arg0);

    public delegate void UnityAction();

    public class UnityEvent
    {
        private event UnityAction Listeners;

        public void AddListener(UnityAction call) => Listeners += call;

        public void RemoveListener(UnityAction call) => Listeners -= call;

        public void Invoke() => Listeners?.Invoke();
    }

    public class UnityEvent<T0>
    {
        private event UnityAction<T0> Listeners;

        public void AddListener(UnityAction<T0> call) => Listeners += call;

        public void RemoveListener(UnityAction<T0> call) => Listeners -= call;

        public void Invoke(T0 arg0) => Listeners?.Invoke(arg0);
    }
}
