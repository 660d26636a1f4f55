namespace JustRunIt.Events.Store.Relaying;

/// <summary>
/// After the broker has ended the channel because of something that was sent, nobody knows what of many messages it was. The next
/// time they are sent one by one, until those that were under way have passed.
/// </summary>
internal sealed class Suspicion
{
    /// <summary>Whether messages are sent one by one.</summary>
    public bool IsThere { get; private set; }

    /// <summary>The last event that is suspect.</summary>
    public long Until { get; private set; }

    /// <summary>The channel was ended.</summary>
    /// <param name="position">The last event that was under way.</param>
    public void Arise(long position) => (IsThere, Until) = (true, Math.Max(Until, position));

    /// <summary>What was suspect has passed.</summary>
    public void End() => IsThere = false;
}
