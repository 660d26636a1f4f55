using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Upcasting;

namespace JustRunIt.Events.Auditing;

/// <summary>
/// Makes every decision again, with just what its record says that was read, and compares what follows with what is stored: the events
/// of the whole unit of work, over all its streams, in their wire form, and what stands in their headers because of it.
/// </summary>
/// <param name="rules">The rules.</param>
/// <param name="history">Events of single streams, as of the same moment as those that are audited.</param>
public sealed class Auditor(Rules rules, IHistory history)
{
    /// <summary>Events of decisions whose others have come by, and which have not: more are looked for at once.</summary>
    private const int MostAwaited = 10_000;

    /// <summary>Streams of which it is known whether their last event bears a record.</summary>
    private const int MostStreams = 50_000;

    private readonly PastStates states = new(history);
    private readonly Dictionary<(string Stream, long Version), Stated> awaited = [];
    private readonly Dictionary<string, bool> bearsRecord = new(StringComparer.Ordinal);

    /// <summary>
    /// Audits events. A decision's events need not be next to one another, nor all among them: those that are not are looked for in the
    /// history, and what is not there either is missing.
    /// </summary>
    /// <param name="events">Events in the order of their sequence.</param>
    /// <param name="cancellation">Ends the audit.</param>
    /// <returns>A finding for each event, and one for each that is missing.</returns>
    public IAsyncEnumerable<Finding> AuditAsync(IAsyncEnumerable<PastEvent> events, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(events);
        return CheckAllAsync(events, cancellation);
    }

    private async IAsyncEnumerable<Finding> CheckAllAsync(
        IAsyncEnumerable<PastEvent> events, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var e in events.WithCancellation(cancellation).ConfigureAwait(false))
        {
            yield return await CheckAsync(e, cancellation).ConfigureAwait(false);
            states.Add(e);
            if (bearsRecord.Count >= MostStreams)
                bearsRecord.Clear();
            bearsRecord[e.Stream] = e.Decision is not null;
            if (awaited.Count < MostAwaited)
                continue;
            await foreach (var finding in FindAwaitedAsync(cancellation).ConfigureAwait(false))
                yield return finding;
        }

        await foreach (var finding in FindAwaitedAsync(cancellation).ConfigureAwait(false))
            yield return finding;
    }

    private async ValueTask<Finding> CheckAsync(PastEvent e, CancellationToken cancellation)
    {
        if (awaited.Remove((e.Stream, e.Version), out var stated))
            return Compare(e, stated);
        if (e.Decision is null)
            return await WithoutRecordAsync(e, cancellation).ConfigureAwait(false);
        DecisionRecord record;
        try
        {
            record = Unreadable.ReadRecord(e.Decision);
        }
        catch (UnreadableException x)
        {
            return Of(e, null, Verdict.NotCheckable) with { Why = WhyNotCheckable.Unreadable, Detail = x.Message };
        }

        return await DecideAgainAsync(e, e.Decision, record, cancellation).ConfigureAwait(false);
    }

    private async ValueTask<Finding> DecideAgainAsync(PastEvent e, string text, DecisionRecord record, CancellationToken cancellation)
    {
        PastReadings? readings = null;
        try
        {
            if (Unreadable.ReadMessage(record.Message) is not { } message)
                return NotCheckable(WhyNotCheckable.MessageGone, $"this program reads no {record.Message.Type}");
            var (rule, problem) = rules.Find(record.Decider, record.Rule, message.GetType());
            if (rule is null)
                return NotCheckable(WhyNotCheckable.RuleGone, problem);
            if (Folds.Problem(record) is { } fold)
                return NotCheckable(WhyNotCheckable.RuleGone, fold);
            readings = new PastReadings(record, states);
            var cause = new Cause(record.Message.Id, record.Message.CorrelationId, record.At);
            var (decision, reading) = await rule.RunAsync(message, cause, readings, cancellation).ConfigureAwait(false);
            return Place(e, cause, decision, reading, new DecisionAgain(
                text,
                record,
                e.Sequence,
                [.. RecordDifferences.OfReading(record, reading)],
                readings.RestsOnDefaults));
        }
        catch (Exception x) when (x is UnreadableException or UnknownEventException)
        {
            return NotCheckable(WhyNotCheckable.Unreadable, x.Message);
        }
        catch (JsonException x)
        {
            return NotCheckable(WhyNotCheckable.Unreadable, $"an answer of its record cannot be read: {x.Message}");
        }
        catch (HistoryBrokenException x)
        {
            return Broken(x.Message);
        }
        catch (Exception x) when (Unreadable.Is(x))
        {
            return Broken($"the rule fails over what was recorded: {x.GetType().Name}: {x.Message}");
        }

        Finding NotCheckable(WhyNotCheckable why, string detail) =>
            Of(e, record, Verdict.NotCheckable) with { Why = why, Detail = detail };

        // What a rule reads, and whether it fails, may hang on defaults as what it decides does.
        Finding Broken(string detail) => Different(
            readings?.RestsOnDefaults == true, Of(e, record, Verdict.Different) with { Detail = detail, Recorded = e.Body });
    }

    /// <summary>Finds the event among those that the rule gives; the others will come by, or are missing.</summary>
    private Finding Place(PastEvent e, Cause cause, Decision decision, Reading reading, DecisionAgain again)
    {
        if (decision.Why is { } why)
            return Unstated($"the rule decides nothing: {why}, {decision.Detail}");

        var all = new List<Stated>();
        foreach (var (stream, events) in decision.Streams)
        {
            // One that it did not read, it cannot append to.
            var version = reading.Versions.GetValueOrDefault(stream, -1);
            all.AddRange(events.Select((stated, i) => new Stated(
                stream, version < 0 ? version : version + 1 + i, stated, decision.CorrelationOf(stated, cause), again)));
        }

        if (all.Find(stated => stated.Stream == e.Stream && stated.Version == e.Version) is not { } own)
        {
            return Unstated("the rule gives no event at this place; it gives " + string.Join(", ", all.Select(stated => string.Create(
                CultureInfo.InvariantCulture,
                $"{Wire.NameOf(stated.Event.GetType())} as event {stated.Version} of {stated.Stream}"))));
        }

        foreach (var other in all.Where(other => other != own))
            awaited.TryAdd((other.Stream, other.Version), other);
        return Compare(e, own);

        Finding Unstated(string detail) => Different(
            again.RestsOnDefaults,
            Of(e, again.Record, Verdict.Different) with { Detail = detail, Recorded = e.Body, Differences = again.Differences });
    }

    private static Finding Compare(PastEvent e, Stated stated)
    {
        var again = stated.Decision;
        var differences = new List<Difference>();
        var decided = JsonSerializer.SerializeToElement(stated.Event, stated.Event.GetType(), Wire.Json);
        var type = Wire.NameOf(stated.Event.GetType());
        string recorded;
        try
        {
            // An older version is compared as what it is read as.
            var isOld = StoredEvents.IsOld(e.WireName);
            var read = isOld ? Unreadable.Read(e) : null;
            recorded = read is null ? e.Body : JsonSerializer.Serialize(read, read.GetType(), Wire.Json);
            AddWhere("type", read is null ? e.WireName : Wire.NameOf(read.GetType()), type, differences);
            using (var body = JsonDocument.Parse(recorded))
                differences.AddRange(JsonDifferences.Between("body", body.RootElement, decided));
            AddWhere("headers.causationId", e.CausationId, again.Record.Message.Id.ToString(), differences);
            AddWhere("headers.correlationId", e.CorrelationId, stated.CorrelationId.ToString(), differences);
            differences.AddRange(RecordDifferences.Between(e.Decision, again.Text));
        }
        catch (UnreadableException x)
        {
            return Of(e, again.Record, Verdict.NotCheckable) with { Why = WhyNotCheckable.Unreadable, Detail = x.Message };
        }
        catch (JsonException x)
        {
            return Of(e, again.Record, Verdict.NotCheckable) with
            {
                Why = WhyNotCheckable.Unreadable,
                Detail = $"its body or its record is no JSON: {x.Message}",
            };
        }

        differences.AddRange(again.Differences);
        if (differences.Count == 0)
            return Of(e, again.Record, Verdict.Same);
        return Different(again.RestsOnDefaults, Of(e, again.Record, Verdict.Different) with
        {
            Detail = $"the rule gives another event: {string.Join(", ", differences.Select(difference => difference.Path))}",
            Differences = differences,
            Recorded = recorded,
            Decided = decided.GetRawText(),
        });
    }

    private async ValueTask<Finding> WithoutRecordAsync(PastEvent e, CancellationToken cancellation)
    {
        if (!bearsRecord.TryGetValue(e.Stream, out var isBorne))
        {
            await foreach (var last in history.ReadAsync(e.Stream, e.Version - 2, e.Version - 1, cancellation).ConfigureAwait(false))
                isBorne = last.Decision is not null;
        }

        return isBorne
            ? Of(e, null, Verdict.Different) with
            {
                Detail = "it bears no record of its decision, and the event before it on its stream does",
                Recorded = e.Body,
            }
            : Of(e, null, Verdict.NotCheckable) with
            {
                Why = WhyNotCheckable.OlderThanRecords,
                Detail = "it bears no record of its decision, as events of programs that recorded none",
            };
    }

    private async IAsyncEnumerable<Finding> FindAwaitedAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var left = awaited.Values
            .OrderBy(stated => stated.Decision.Sequence)
            .ThenBy(stated => stated.Stream, StringComparer.Ordinal)
            .ThenBy(stated => stated.Version)
            .ToList();
        awaited.Clear();
        foreach (var stated in left)
        {
            Finding? found = null;
            var end = stated.Version;
            await foreach (var e in history.ReadAsync(stated.Stream, end - 1, end, cancellation).ConfigureAwait(false))
                found = Compare(e, stated);
            yield return found ?? Missing(stated);
        }
    }

    private static Finding Missing(Stated stated)
    {
        var (again, type) = (stated.Decision, stated.Event.GetType());
        var finding = new Finding(
            Verdict.Different,
            again.Sequence,
            stated.Stream,
            stated.Version,
            Wire.NameOf(type),
            again.Record.Decider,
            again.Record.Rule);
        return Different(again.RestsOnDefaults, finding with
        {
            Detail = string.Create(
                CultureInfo.InvariantCulture,
                $"missing: the rule gives it beside event number {again.Sequence}, and the stream has no event {stated.Version}"),
            Decided = JsonSerializer.Serialize(stated.Event, type, Wire.Json),
        });
    }

    private static Finding Of(PastEvent e, DecisionRecord? record, Verdict verdict) =>
        new(verdict, e.Sequence, e.Stream, e.Version, e.WireName, record?.Decider, record?.Rule);

    /// <summary>What differs; where that rests on defaults that no record holds, it may be theirs and is not checkable.</summary>
    private static Finding Different(bool restsOnDefaults, Finding different) => restsOnDefaults
        ? different with
        {
            Verdict = Verdict.NotCheckable,
            Why = WhyNotCheckable.DefaultsGone,
            Detail = $"it rests on defaults that its record does not hold; with those of this program {different.Detail}",
            Differences = [],
            Recorded = null,
            Decided = null,
        }
        : different;

    private static void AddWhere(string path, string? recorded, string decided, List<Difference> differences)
    {
        if (recorded == decided)
            return;
        differences.Add(new Difference(
            path,
            recorded is null ? null : JsonSerializer.Serialize(recorded, Wire.Json),
            JsonSerializer.Serialize(decided, Wire.Json)));
    }
}
