using System.Globalization;
using System.Text.Json;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Auditing;

/// <summary>What differs in the records of decisions.</summary>
internal static class RecordDifferences
{
    private const string Path = $"headers.{DecisionRecord.Header}";

    /// <summary>All events of a decision bear the same record.</summary>
    public static IReadOnlyList<Difference> Between(string? recorded, string decided)
    {
        if (recorded == decided)
            return [];
        if (recorded is null)
            return [new Difference(Path, null, decided)];
        using var own = JsonDocument.Parse(recorded);
        using var others = JsonDocument.Parse(decided);
        return JsonDifferences.Between(Path, own.RootElement, others.RootElement);
    }

    /// <summary>What the rule reads now and did not then, or the other way round. What it may read at all is what was recorded.</summary>
    public static IEnumerable<Difference> OfReading(DecisionRecord record, Reading reading)
    {
        foreach (var (stream, version) in record.Streams)
        {
            if (!reading.Versions.ContainsKey(stream))
                yield return new Difference($"{Path}.streams[\"{stream}\"]", version.ToString(CultureInfo.InvariantCulture), null);
        }

        if (record.Facts.Count != reading.Facts.Count)
        {
            yield return new Difference(
                $"{Path}.facts",
                JsonSerializer.Serialize(record.Facts.Select(fact => fact.Type), Wire.Json),
                JsonSerializer.Serialize(reading.Facts.Select(fact => fact.Asked.GetType().Name), Wire.Json));
        }

        var (before, now) = (record.Policy, reading.Policy is { } policy ? RecordedPolicy.Of(policy) : null);
        if ((before?.Name, before?.Version) != (now?.Name, now?.Version))
        {
            yield return new Difference(
                $"{Path}.policy", JsonSerializer.Serialize(before, Wire.Json), JsonSerializer.Serialize(now, Wire.Json));
        }
    }
}
