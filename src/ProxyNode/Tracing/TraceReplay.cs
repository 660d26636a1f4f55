using System.Net;
using JustRunIt.Hosting.Configuration;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Threads;

namespace JustRunIt.ProxyNode.Tracing;

/// <summary>
/// Repeats the planned sessions of a trace at a server, and measures (§6). The server's clock starts when a request is due.
/// </summary>
internal sealed class TraceReplay(
    TraceFile trace, IReadOnlyList<TracePlan.Planned> plan, IPEndPoint target, ServiceRules rules, TimeProvider clock)
{
    /// <summary>How long is waited for a reply; longer, and the request has failed.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestSleep = TimeSpan.FromMilliseconds(2);

    /// <summary>Whether replies are compared as they were; otherwise as the rules make them.</summary>
    private readonly bool isPlain = trace.Rules?.IsComparedPlain(TraceRules.Of(rules)) == true;

    private readonly CancellationTokenSource stop = new();
    private long begunAt;
    private long endedAt;
    private long sent;
    private long outstanding;
    private volatile string? failure;

    /// <summary>Response times as recorded, of what is repeated.</summary>
    public ResponseTimes Live { get; } = new();

    /// <summary>Response times of the server, from when each request was due.</summary>
    public ResponseTimes Sandbox { get; } = new(
        ProxyMeter.Durations, new("side", "sandbox"), new("role", "replay"), new("protocol", trace.Protocol.Name));

    /// <summary>How much later than due requests were sent that waited for no other.</summary>
    public ResponseTimes Lateness { get; } = new();

    /// <summary>How far the server's replies are those recorded.</summary>
    public Comparison Comparison { get; } = new(trace.Protocol, rules);

    /// <summary>Requests that are planned.</summary>
    public long Planned { get; } = plan.Sum(session => (long)session.Exchanges.Count);

    /// <summary>Requests that were due so far.</summary>
    public long Sent => Interlocked.Read(ref sent);

    /// <summary>How long it takes until the last request is due.</summary>
    public TimeSpan Length { get; } = plan.Count == 0 ? TimeSpan.Zero : plan.Max(session => session.DueOf(session.Exchanges.Count - 1));

    /// <summary>How long it has run, or ran.</summary>
    public TimeSpan Elapsed => begunAt == 0 ? TimeSpan.Zero : clock.GetElapsedTime(begunAt, endedAt == 0 ? clock.GetTimestamp() : endedAt);

    /// <summary>Repeats everything; ends when everything is answered or given up.</summary>
    /// <param name="end">Ends it early.</param>
    public async Task RunAsync(CancellationToken end)
    {
        using var early = end.Register(stop.Cancel);
        begunAt = clock.GetTimestamp();
        var pacing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => Pace(pacing)) { IsBackground = true, Name = "pacer" }.Start();
        await pacing.Task.ConfigureAwait(false);
        while (Interlocked.Read(ref outstanding) > 0)
            await Task.Delay(Look, clock, CancellationToken.None).ConfigureAwait(false);
        endedAt = clock.GetTimestamp();
        if (failure is not null)
            throw new ConfigurationException($"the trace can not be read any more: {failure}");
    }

    /// <summary>A connection of a session.</summary>
    public TraceConnection Connect(Identities identities) =>
        new(target, trace.Protocol.OpenShadow(trace.Protocol.Open(), rules, identities), clock);

    /// <summary>Repeats one exchange.</summary>
    public async Task RepeatAsync(TraceFile.Recorded exchange, TraceConnection connection, Identities identities, long due, bool hadToWait)
    {
        try
        {
            if (stop.IsCancellationRequested)
                return;
            var request = trace.ReadRequest(exchange);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
            patience.CancelAfter(Patience);
            if (!hadToWait)
                Lateness.Add(clock.GetElapsedTime(due), isError: false);
            var (answer, reply) = await connection.AskAsync(
                request, exchange.Entry.IsOneWay, () => trace.Protocol.OpenReply(rules)!, patience.Token).ConfigureAwait(false);
            if (!exchange.Entry.IsOneWay && !stop.IsCancellationRequested)
                Count(exchange.Entry, request, answer, reply, identities, due);
        }
        catch (IOException e)
        {
            failure = e.Message;
            await stop.CancelAsync().ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref outstanding);
        }
    }

    private void Count(TraceEntry recorded, byte[] request, in Answer answer, ReplyReader reply, Identities identities, long due)
    {
        if (recorded.Status == Answer.NoReply)
            Live.AddError();
        else
            Live.Add(recorded.ResponseTime, recorded.IsError);
        if (answer.Status == Answer.NoReply)
            Sandbox.AddError();
        else
            Sandbox.Add(clock.GetElapsedTime(due, answer.EndedAt), answer.IsError);
        if (recorded.Status == Answer.NoReply || answer.Status == Answer.NoReply)
            return;
        var (length, hash) = isPlain
            ? (recorded.PlainReplyLength, recorded.PlainReplyHash)
            : (recorded.ReplyLength, recorded.ReplyHash);
        Comparison.Add(request, (recorded.Status, length, hash), (answer.Status, reply.Length, reply.Hash));
        // A trace does not say which rule it is that declares a name.
        identities.Pair(recorded.Issued, reply.Issued?.Select(name => name with { Rule = 0 }).ToList());
    }

    private void Pace(TaskCompletionSource ended)
    {
        try
        {
            Pace();
            ended.SetResult();
        }
        catch (Exception e)
        {
            ended.SetException(e);
        }
    }

    /// <summary>Tells each session when its next request is due.</summary>
    private void Pace()
    {
        var sessions = new PriorityQueue<TraceSession, TimeSpan>();
        foreach (var planned in plan)
            sessions.Enqueue(new TraceSession(this, planned), planned.Begin);
        while (sessions.TryDequeue(out var session, out var at) && !stop.IsCancellationRequested)
        {
            var due = begunAt + (long)(at.TotalSeconds * clock.TimestampFrequency);
            for (var left = Left(due); left > TimeSpan.Zero && !stop.IsCancellationRequested; left = Left(due))
                Kernel.Sleep(left < LongestSleep ? left : LongestSleep);
            Interlocked.Increment(ref outstanding);
            Interlocked.Increment(ref sent);
            session.Due(due);
            if (session.NextDue is { } next)
                sessions.Enqueue(session, next);
        }
    }

    private TimeSpan Left(long due) => clock.GetElapsedTime(clock.GetTimestamp(), due);
}
