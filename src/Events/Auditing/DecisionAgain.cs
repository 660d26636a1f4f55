using JustRunIt.Events.Deciding;

namespace JustRunIt.Events.Auditing;

/// <summary>A decision that was made again.</summary>
/// <param name="Text">Its record as it is stored (JSON).</param>
/// <param name="Record">Its record.</param>
/// <param name="Sequence">Number of the event that it was first met with.</param>
/// <param name="Differences">What it read otherwise than recorded.</param>
/// <param name="RestsOnDefaults">Whether it rests on defaults that are recorded nowhere.</param>
internal sealed record DecisionAgain(
    string Text,
    DecisionRecord Record,
    long Sequence,
    IReadOnlyList<Difference> Differences,
    bool RestsOnDefaults);
