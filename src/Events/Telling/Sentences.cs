using System.Globalization;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Telling;

/// <summary>What an event says, as one sentence without a full stop, for people who know the subject and not the code.</summary>
public static class Sentences
{
    /// <summary>What an event says.</summary>
    /// <exception cref="UnknownEventException">There are no words for it: it is newer than the program.</exception>
    public static string Of(IDomainEvent @event)
    {
        ArgumentNullException.ThrowIfNull(@event);
        return ServiceSentences.Of(@event) ?? ExplorationSentences.Of(@event) ?? ExperimentSentences.Of(@event)
            ?? MatrixSentences.Of(@event) ?? InventorySentences.Of(@event) ?? PlacementSentences.Of(@event)
            ?? SealSentences.Of(@event)
            ?? throw new UnknownEventException(Wire.NameOf(@event.GetType()));
    }

    /// <summary>A text with numbers as everywhere.</summary>
    internal static string Say(FormattableString text) => FormattableString.Invariant(text);

    /// <summary>A time as it is told: to the second, in UTC.</summary>
    public static string At(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Names with commas between them.</summary>
    internal static string List(IEnumerable<string> names) => string.Join(", ", names);
}
