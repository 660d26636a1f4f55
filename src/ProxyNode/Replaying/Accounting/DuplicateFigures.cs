using System.Text.Json.Serialization;
using JustRunIt.ProxyNode.Replaying.GivingUp;

namespace JustRunIt.ProxyNode.Replaying.Accounting;

/// <summary>
/// What became of the on-line requests at the clone. Nothing is lost in silence: <c>arrived = duplicated + notDuplicated</c> (all
/// reasons) and <c>duplicated = answered + sent + failed + shed + givenUp + open</c>, at every moment.
/// </summary>
/// <param name="Arrived">
/// On-line requests: those of <see cref="Relaying.ExchangeFigures.Arrived"/>, and those that no server answers.
/// </param>
/// <param name="NotDuplicated">Those without a duplicate by design, by why.</param>
/// <param name="Duplicated">Those with one.</param>
/// <param name="Answered">Duplicates that the clone has answered, whatever it said.</param>
/// <param name="Sent">Duplicates that the clone was told, of requests that no server answers.</param>
/// <param name="Failed">Duplicates that the clone has not answered, for no reason that has a name.</param>
/// <param name="Shed">Duplicates that were never sent because memory was short.</param>
/// <param name="GivenUp">Duplicates that were given up for another reason.</param>
/// <param name="Open">Duplicates that are not due yet, or that the clone works on.</param>
internal sealed record DuplicateFigures(
    long Arrived,
    IReadOnlyDictionary<string, long> NotDuplicated,
    long Duplicated,
    long Answered,
    long Sent,
    long Failed,
    long Shed,
    long GivenUp,
    long Open)
{
    /// <summary>The reasons for having no duplicate in the words of reports and metrics, in their order.</summary>
    public static IReadOnlyList<string> Reasons { get; } = [.. Enum.GetNames<NotDuplicated>().Select(name => name.ToLowerInvariant())];

    /// <summary><see cref="GivenUp"/> by reason, with samples.</summary>
    [JsonIgnore]
    public IReadOnlyDictionary<string, GivenUpFigures> ByReason { get; init; } = new Dictionary<string, GivenUpFigures>();

    /// <summary>Whether every request is accounted for.</summary>
    [JsonIgnore]
    public bool IsConserved =>
        Open >= 0 && Arrived == Duplicated + NotDuplicated.Values.Sum()
        && Duplicated == Answered + Sent + Failed + Shed + GivenUp + Open;

    /// <summary>
    /// Why what the clone did in this time says nothing about it: most duplicates that have come to an end were never answered. Null
    /// where they were.
    /// </summary>
    [JsonIgnore]
    public string? WhyNoResult
    {
        get
        {
            var lost = Failed + Shed + GivenUp;
            if (lost <= Answered + Sent)
                return null;
            var reasons = ByReason.OrderByDescending(reason => reason.Value.Count).Select(reason => $"{reason.Value.Count} {reason.Key}")
                .Concat(Shed > 0 ? [$"{Shed} memory"] : Array.Empty<string>());
            return $"{lost} of {lost + Answered + Sent} duplicates were given up: {string.Join(", ", reasons)}";
        }
    }

    /// <summary>
    /// What came after a moment. Duplicates that were open then count among those that have arrived since, so that all are accounted for.
    /// </summary>
    /// <param name="before">The figures of that moment, of the same replay; null: all are told.</param>
    public DuplicateFigures Since(DuplicateFigures? before) => before is null ? this : new DuplicateFigures(
        Arrived - before.Arrived + before.Open,
        NotDuplicated.ToDictionary(reason => reason.Key, reason => reason.Value - before.NotDuplicated[reason.Key]),
        Duplicated - before.Duplicated + before.Open,
        Answered - before.Answered,
        Sent - before.Sent,
        Failed - before.Failed,
        Shed - before.Shed,
        GivenUp - before.GivenUp,
        Open)
    {
        ByReason = ByReason
            .Select(reason => (reason.Key, Value: reason.Value.Since(before.ByReason.GetValueOrDefault(reason.Key))))
            .Where(reason => reason.Value.Count > 0)
            .ToDictionary(reason => reason.Key, reason => reason.Value),
    };
}
