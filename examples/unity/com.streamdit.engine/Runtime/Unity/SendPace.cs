#nullable enable
namespace StreamDit.Unity
{
    /// <summary>
    /// When something may be sent that goes out at the world's frame rate at most. The next time counts from when the last
    /// was due, not from the turn that sent it: at 60 turns a second 16 are sent, not 15.
    /// </summary>
    internal struct SendPace
    {
        private double _dueS;

        /// <param name="nowS">Any rising clock.</param>
        public bool IsDue(double nowS) => nowS >= _dueS;

        /// <summary>It was sent; after a time of silence the pace begins anew.</summary>
        /// <param name="fps">Frames a second of the world.</param>
        public void Sent(double nowS, double fps)
        {
            double periodS = 1.0 / fps;
            _dueS = (nowS - _dueS < periodS ? _dueS : nowS) + periodS;
        }
    }
}
