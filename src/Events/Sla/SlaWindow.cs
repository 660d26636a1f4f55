using System.Collections.Immutable;
using System.Text.Json.Serialization;
using JustRunIt.Events.Deciding;

namespace JustRunIt.Events.Sla;

/// <summary>
/// The tumbling windows that are being filled by all nodes of a source, and how often in a row closed ones have broken the agreement or
/// shown slack. Kept beside the stream, not on it: it changes with every report.
/// </summary>
public sealed record SlaWindow
{
    private const int MostNodes = 256;

    /// <summary>Nothing seen yet.</summary>
    public static SlaWindow Empty { get; } = new();

    /// <summary>Windows that are not full yet, by their start.</summary>
    public ImmutableArray<WindowTally> Filling { get; init; } = [];

    /// <summary>End of the last window that was closed (UTC): what ends until then comes late.</summary>
    public DateTimeOffset ClosedUpTo { get; init; }

    /// <summary>What each node has reported, by name.</summary>
    public ImmutableArray<SourceMark> Marks { get; init; } = [];

    /// <summary>Closed windows in a row above the agreement on response time.</summary>
    public int ViolatedInARow { get; init; }

    /// <summary>Closed windows in a row below the agreement on availability.</summary>
    public int UnavailableInARow { get; init; }

    /// <summary>Closed windows in a row with slack.</summary>
    public int SlackInARow { get; init; }

    /// <summary>Closed windows in a row that kept the agreement without slack.</summary>
    public int NoSlackInARow { get; init; }

    /// <summary>Closed windows in a row whose slack differs materially from what was said of it.</summary>
    public int ChangedInARow { get; init; }

    /// <summary>What was last said of slack; null before anything was, and when it has gone.</summary>
    public SlackSaid? Said { get; init; }

    /// <summary>Requests answered in the windows that are not full yet.</summary>
    [JsonIgnore]
    public long Requests => Filling.Sum(window => window.Nodes.Sum(node => node.Requests));

    /// <summary>End of the latest time that any node has reported (UTC).</summary>
    [JsonIgnore]
    public DateTimeOffset LastReportTo => Marks.IsEmpty ? default : Marks.Max(mark => mark.Latest);

    /// <summary>
    /// Adds an in-proxy's report. A window is full when every node that is heard has reported more than it; a node that lies further
    /// behind the first than clocks may differ is not waited for. Windows hold the same in whatever order reports of several nodes come,
    /// as long as none is so far behind.
    /// </summary>
    /// <param name="report">An interval; its requests count where it ends, or in the first window that is not closed.</param>
    /// <param name="frame">Length of the windows, and when they begin.</param>
    /// <param name="at">The receiver's clock (UTC).</param>
    /// <param name="tolerance">How far any clock may differ from the receiver's.</param>
    public WindowStep Add(ResponseTimesMeasured report, WindowFrame frame, DateTimeOffset at, TimeSpan tolerance)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(frame);
        if (IsAhead(report.To, at, tolerance) is { } ahead)
            return WindowStep.Nothing(this, WhyNothing.Ahead, ahead);
        var now = Within(at + tolerance, frame);
        var mark = now.MarkOf(report.ProxyNode);
        var apart = 2 * tolerance;
        if (report.To <= now.ClosedUpTo && now.ClosedUpTo - report.To >= apart)
        {
            return WindowStep.Nothing(
                this,
                WhyNothing.Late,
                $"to: {report.To:O}; the windows until {now.ClosedUpTo:O} are closed, and at most {apart.TotalSeconds:0.#} s may lie "
                    + "between");
        }

        // After what is late: a node whose clock was set back is told so, instead of being taken for one that repeats itself.
        if (mark?.Covers(report.To) == true)
            return WindowStep.Nothing(this, WhyNothing.AlreadyHandled, $"to: {report.To:O}; this time was counted already");
        if (mark is null && now.Marks.Length >= MostNodes)
            return WindowStep.Nothing(this, WhyNothing.Refused, $"proxyNode: '{report.ProxyNode}'; {MostNodes} nodes report already");
        return now
            .Marked((mark ?? new SourceMark(report.ProxyNode, [])).Join(report.From, report.To))
            .Filled(frame.StartOf(report.To > now.ClosedUpTo ? report.To : now.ClosedUpTo.AddTicks(1)), NodeTally.Of(report))
            .Close(frame.Length, apart);
    }

    /// <summary>A whole window of an external monitor, which is judged at once.</summary>
    /// <param name="report">The window.</param>
    /// <param name="at">The receiver's clock (UTC).</param>
    /// <param name="tolerance">How far any clock may differ from the receiver's.</param>
    public WindowStep Add(ExternalWindowReported report, DateTimeOffset at, TimeSpan tolerance)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (IsAhead(report.To, at, tolerance) is { } ahead)
            return WindowStep.Nothing(this, WhyNothing.Ahead, ahead);
        var now = Within(at + tolerance, new WindowFrame(report.To - report.From));
        var mark = now.MarkOf(report.Monitor) ?? new SourceMark(report.Monitor, []);
        if (mark.Has(report.From, report.To))
            return WindowStep.Nothing(this, WhyNothing.AlreadyHandled, $"to: {report.To:O}; this window was judged already");
        if (report.To <= mark.Latest)
        {
            return WindowStep.Nothing(
                this, WhyNothing.Late, $"to: {report.To:O} must be later than {mark.Latest:O}, the end of this monitor's last window");
        }

        return new WindowStep(
            now.Marked(mark.Put(report.From, report.To)),
            [new ClosedWindow(report.From, report.To, NodeTally.Of(report), report.Monitor, External: true)],
            null,
            "");
    }

    private static string? IsAhead(DateTimeOffset to, DateTimeOffset at, TimeSpan tolerance) => to > at + tolerance
        ? $"to: {to:O} lies ahead of {at:O}, the Monitor's clock; at most {tolerance.TotalSeconds:0.#} s are allowed"
        : null;

    private SourceMark? MarkOf(string name) => Marks.FirstOrDefault(mark => mark.Name == name);

    /// <summary>
    /// What is kept but lies ahead of every time that is allowed now, because the receiver's clock was ahead when it came, is forgotten: it
    /// would keep everything else out until then.
    /// </summary>
    private SlaWindow Within(DateTimeOffset latest, WindowFrame frame) => ClosedUpTo <= latest && LastReportTo <= latest
        ? this
        : this with
        {
            Marks = [.. Marks.Where(mark => mark.Latest <= latest)],
            Filling = [.. Filling.Where(window => window.From < latest)],
            ClosedUpTo = ClosedUpTo <= latest ? ClosedUpTo : frame.StartOf(latest),
        };

    private SlaWindow Marked(SourceMark mark)
    {
        var at = 0;
        while (at < Marks.Length && string.CompareOrdinal(Marks[at].Name, mark.Name) < 0)
            at++;
        return this with
        {
            Marks = at < Marks.Length && Marks[at].Name == mark.Name ? Marks.SetItem(at, mark) : Marks.Insert(at, mark),
        };
    }

    private SlaWindow Filled(DateTimeOffset start, NodeTally reported)
    {
        var at = 0;
        while (at < Filling.Length && Filling[at].From < start)
            at++;
        return this with
        {
            Filling = at < Filling.Length && Filling[at].From == start
                ? Filling.SetItem(at, Filling[at].Add(reported))
                : Filling.Insert(at, new WindowTally(start, [reported])),
        };
    }

    private WindowStep Close(TimeSpan length, TimeSpan apart)
    {
        var first = LastReportTo;
        var heardUpTo = Marks.Where(mark => first - mark.Latest < apart).Min(mark => mark.Latest);
        var full = Filling.Where(window => window.From + length < heardUpTo).ToImmutableArray();
        if (full.IsEmpty)
            return new WindowStep(this, [], null, "");
        var closedUpTo = full[^1].From + length;
        if (closedUpTo < ClosedUpTo)
            closedUpTo = ClosedUpTo;
        return new WindowStep(
            this with
            {
                Filling = Filling.RemoveRange(0, full.Length),
                ClosedUpTo = closedUpTo,
                // Whatever a node that is forgotten says again of what was counted comes late.
                Marks = [.. Marks.Where(mark => mark.Latest > closedUpTo || closedUpTo - mark.Latest < apart)],
            },
            [.. full.Select(window => ClosedWindow.Of(window, length))],
            null,
            "");
    }
}

/// <summary>What became of a report.</summary>
/// <param name="Window">The windows after it.</param>
/// <param name="Closed">The windows that it closed, in order.</param>
/// <param name="Why">Why it does not count; null when it does.</param>
/// <param name="Detail">One sentence that goes with <paramref name="Why"/>.</param>
public sealed record WindowStep(SlaWindow Window, ImmutableArray<ClosedWindow> Closed, WhyNothing? Why, string Detail)
{
    /// <summary>It does not count.</summary>
    internal static WindowStep Nothing(SlaWindow window, WhyNothing why, string detail) => new(window, [], why, detail);
}
