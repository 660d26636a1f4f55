namespace JustRunIt.Events.Auditing;

/// <summary>Counts what an audit finds, and keeps the first of each kind.</summary>
public sealed class AuditTally
{
    private readonly SortedDictionary<WhyNotCheckable, (long Count, Finding First)> notCheckable = [];

    /// <summary>All events that were looked at, missing ones included.</summary>
    public long Events => Same + Different + NotCheckable;

    /// <summary>Events that were decided again, to the same bytes.</summary>
    public long Same { get; private set; }

    /// <summary>Events that differ, are missing or are too many.</summary>
    public long Different { get; private set; }

    /// <summary>Events of which nobody can say.</summary>
    public long NotCheckable => notCheckable.Values.Sum(each => each.Count);

    /// <summary>Whether there were events, and not one of them could be decided again: then nothing is known of them at all.</summary>
    public bool IsVain => Same + Different == 0 && NotCheckable > 0;

    /// <summary>The first that differs, in the order of the store; null when none does.</summary>
    public Finding? First { get; private set; }

    /// <summary>How many could not be checked, and the first of them, by reason.</summary>
    public IReadOnlyDictionary<WhyNotCheckable, (long Count, Finding First)> Reasons => notCheckable;

    /// <summary>Counts a finding.</summary>
    public void Add(Finding finding)
    {
        ArgumentNullException.ThrowIfNull(finding);
        switch (finding)
        {
            case { Verdict: Verdict.Same }:
                Same++;
                break;
            case { Verdict: Verdict.Different }:
                Different++;
                if (First is null || finding.Sequence < First.Sequence)
                    First = finding;
                break;
            case { Why: { } why }:
                notCheckable[why] = notCheckable.TryGetValue(why, out var before) ? before with { Count = before.Count + 1 } : (1, finding);
                break;
            default:
                throw new ArgumentException($"{finding.Verdict} without a reason is no finding.", nameof(finding));
        }
    }
}
