namespace JustRunIt.Demo;

/// <summary>
/// How the load of a service grows: by half (§4.3), and some more each time that the agreement has borne it for a while. What an
/// application server bears was measured for some seconds, on a machine that may have been busy with other things meanwhile:
/// then it is more.
/// </summary>
/// <param name="patience">So long a load is looked at before it grows further.</param>
internal sealed class DemoSurge(TimeSpan patience)
{
    private const double First = 1.5;
    private const double Step = 0.25;
    private const double Most = 2;

    private readonly List<DemoLoad> loads = [];

    /// <summary>What it has grown to so far.</summary>
    public IReadOnlyList<DemoLoad> Loads => loads;

    /// <summary>When it grew last.</summary>
    public DateTimeOffset LastAt => loads[^1].At;

    /// <summary>Grows, if it is time.</summary>
    /// <param name="now">The time.</param>
    /// <param name="holds">Whether the agreement has held ever since the load grew.</param>
    /// <returns>Times the load at first; null when it stays as it is.</returns>
    public double? Next(DateTimeOffset now, bool holds)
    {
        double? next = loads.Count == 0 ? First
            : holds && now >= LastAt + patience && loads[^1].Factor < Most ? loads[^1].Factor + Step
            : null;
        if (next is { } factor)
            loads.Add(new DemoLoad(now, factor));
        return next;
    }
}

/// <summary>A load.</summary>
/// <param name="At">When it began (UTC).</param>
/// <param name="Factor">Times the load at first.</param>
internal readonly record struct DemoLoad(DateTimeOffset At, double Factor);
