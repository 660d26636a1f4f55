namespace JustRunIt.Events.Auditing;

/// <summary>What an audit says of one event, or of one that should be there.</summary>
/// <param name="Verdict">The verdict.</param>
/// <param name="Sequence">Number of the event among all; of one that is missing, that of an event of the same decision.</param>
/// <param name="Stream">Its stream.</param>
/// <param name="Version">Its number on the stream.</param>
/// <param name="WireName">Its wire name.</param>
/// <param name="Decider">The decider that its record names; null where no record can be read.</param>
/// <param name="Rule">The version of the rule that its record names; null likewise.</param>
public sealed record Finding(
    Verdict Verdict, long Sequence, string Stream, long Version, string WireName, string? Decider, int? Rule)
{
    /// <summary>Why it cannot be checked; null where it can.</summary>
    public WhyNotCheckable? Why { get; init; }

    /// <summary>In one sentence what is found; empty where all is the same.</summary>
    public string Detail { get; init; } = "";

    /// <summary>What differs, in the order of the recorded text; nothing where the whole event is missing or too many.</summary>
    public IReadOnlyList<Difference> Differences { get; init; } = [];

    /// <summary>The event's body as it is stored (JSON); null where there is none, or it is the same.</summary>
    public string? Recorded { get; init; }

    /// <summary>The event's body as the rule gives it (JSON); null where it gives none, or the same.</summary>
    public string? Decided { get; init; }
}
