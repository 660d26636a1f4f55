namespace JustRunIt.ProxyNode.Replaying.Shadows;

/// <summary>
/// Looks now and then for connections whose clone has not answered within the limit: a timer for all of them, since one for each
/// request would cost more than the request.
/// </summary>
internal sealed class OverdueWatch : IDisposable
{
    /// <summary>So many looks within the limit.</summary>
    private const int Looks = 10;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(10);

    private readonly ShadowRoll shadows;
    private readonly ITimer timer;

    /// <summary>Begins to look.</summary>
    /// <param name="shadows">The connections.</param>
    /// <param name="limit">See <see cref="AnswerWait"/>.</param>
    /// <param name="clock">Whose timers are used.</param>
    public OverdueWatch(ShadowRoll shadows, TimeSpan limit, TimeProvider clock)
    {
        this.shadows = shadows;
        var period = limit / Looks;
        period = period > Longest ? Longest : period < Shortest ? Shortest : period;
        timer = clock.CreateTimer(static watch => ((OverdueWatch)watch!).Look(), this, period, period);
    }

    /// <inheritdoc />
    public void Dispose() => timer.Dispose();

    private void Look()
    {
        foreach (var shadow in shadows.Read())
            shadow.EndOverdueWait();
    }
}
