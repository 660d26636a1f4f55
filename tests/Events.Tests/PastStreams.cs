using System.Runtime.CompilerServices;
using System.Text.Json;
using JustRunIt.Events.Auditing;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Tests;

/// <summary>A store in memory: events with everything that a service stores with them.</summary>
internal sealed class PastStreams : IHistory
{
    private readonly List<PastEvent> events = [];

    /// <summary>All events in the order of their sequence; to be changed by whoever tampers with them.</summary>
    public List<PastEvent> Events => events;

    /// <summary>How many events were read stream by stream.</summary>
    public int Read { get; private set; }

    /// <summary>What a rehearsal of the whole loop leaves in a store.</summary>
    public static PastStreams Of(int seed, int messages = 600)
    {
        var streams = new PastStreams();
        new Rehearsal(seed, streams.Append).Play(messages);
        return streams;
    }

    /// <summary>The first of them in which an event of a type was stated.</summary>
    public static PastStreams With<TEvent>() =>
        Enumerable.Range(0, 40).Select(seed => Of(seed)).First(past => past.Events.Any(e => e.WireName == Wire.NameOf(typeof(TEvent))));

    /// <summary>Appends what was decided.</summary>
    public void Append(Decision decision, DecisionRecord record)
    {
        var cause = new Cause(record.Message.Id, record.Message.CorrelationId, record.At);
        foreach (var (stream, stated) in decision.Streams)
        {
            foreach (var (i, @event) in stated.Index())
            {
                var sequence = events.Count + 1;
                events.Add(new PastEvent(
                    sequence,
                    DeterministicId.From(Guid.Empty, $"event/{sequence}"),
                    stream,
                    record.Streams[stream] + i + 1,
                    Wire.NameOf(@event.GetType()),
                    JsonSerializer.Serialize(@event, @event.GetType(), Wire.Json),
                    record.At,
                    record.Message.Id.ToString(),
                    decision.CorrelationOf(@event, cause).ToString(),
                    JsonSerializer.Serialize(record, Wire.Json)));
            }
        }
    }

    /// <summary>Audits events of the store; all where none are named.</summary>
    public async Task<List<Finding>> AuditAsync(Rules? rules = null, Func<PastEvent, bool>? which = null)
    {
        var findings = new List<Finding>();
        var audited = events.Where(which ?? (_ => true)).ToAsyncEnumerable();
        await foreach (var finding in new Auditor(rules ?? Rules.OfThisProgram, this).AuditAsync(audited, CancellationToken.None))
            findings.Add(finding);
        return findings;
    }

    public async IAsyncEnumerable<PastEvent> ReadAsync(
        string stream, long after, long upTo, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.CompletedTask;
        foreach (var e in events.Where(e => e.Stream == stream && e.Version > after && e.Version <= upTo).OrderBy(e => e.Version).ToList())
        {
            Read++;
            yield return e;
        }
    }
}
