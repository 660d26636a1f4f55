using System.Net;
using JustRunIt.Hosting.Logging;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Replaying.Accounting;
using JustRunIt.ProxyNode.Replaying.Budget;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Replaying.GivingUp;
using JustRunIt.ProxyNode.Replaying.Keeping;
using JustRunIt.ProxyNode.Replaying.Ordering;
using JustRunIt.ProxyNode.Replaying.Pacing;
using JustRunIt.ProxyNode.Replaying.Pooling;
using JustRunIt.ProxyNode.Replaying.Shadows;

namespace JustRunIt.ProxyNode.Replaying;

/// <summary>
/// The duplication of one tier's traffic to one clone (§2.2.1, DESIGN §5): a shadow connection for each on-line one, every
/// duplicate sent at arrival + time shift, replies timed and dropped. Bounded in memory; what exceeds the bound is shed,
/// oldest connection first. No on-line thread waits here for a lock that is held longer than a few instructions take.
/// </summary>
internal sealed class Replay : IAsyncDisposable
{
    private readonly TimeProvider clock;
    private readonly ReplaySettings settings;
    private readonly long shiftTicks;
    private readonly CancellationTokenSource stop = new();
    private readonly OverdueWatch watch;
    private long faults;

    public Replay(ReplaySettings settings, TimeProvider clock)
    {
        this.clock = clock;
        this.settings = settings;
        shiftTicks = Ticks(settings.TimeShift);
        Record = new RecordUse(settings.TimeShift, new MatchCounter());
        StartedAt = clock.GetTimestamp();
        ResponseTimes = new ResponseTimes(ProxyMeter.Durations, [new("side", "sandbox"), .. settings.Tags]);
        Shedder = new Shedder(this);
        GivenUp = new GivenUp(text => settings.Rules.Redaction.Text(text));
        Ledger = new DuplicateLedger(GivenUp, Shedder);
        Budget = new MemoryBudget(settings.MemoryLimitBytes, Shedder.Wake);
        Kept = new KeptExchanges(clock, shiftTicks, settings.IsExperiment);
        Pool = new ExchangePool(this);
        Pacer = new Pacer(clock, settings.Tags);
        Comparison = new Comparison(settings.Protocol, settings.Rules);
        watch = new OverdueWatch(Shadows, settings.AnswerLimit, clock);
        IdleConnections.Add(this);
    }

    /// <summary>How long the clone may take for one duplicate, at least.</summary>
    public TimeSpan AnswerLimit => settings.AnswerLimit;

    /// <summary>The clone.</summary>
    public IPEndPoint Sandbox => settings.Sandbox;

    /// <summary>How far the duplicates are behind the on-line requests.</summary>
    public TimeSpan TimeShift => settings.TimeShift;

    /// <summary>Timestamp of the first arrival that is duplicated.</summary>
    public long StartedAt { get; }

    /// <summary>How the out-proxies answered the clone.</summary>
    public MatchCounter Matches => Record.Matches;

    /// <summary>What the out-proxies' record is for.</summary>
    public RecordUse Record { get; }

    /// <summary>How far the clone's replies are the original's.</summary>
    public Comparison Comparison { get; }

    /// <summary>Response times of the clone since the start, from when each duplicate was due.</summary>
    public ResponseTimes ResponseTimes { get; }

    /// <summary>Hands over what is due.</summary>
    public Pacer Pacer { get; }

    /// <summary>The memory that is held, and its bound.</summary>
    public MemoryBudget Budget { get; }

    /// <summary>Sheds connections when memory is short.</summary>
    public Shedder Shedder { get; }

    /// <summary>What was given up for another reason than memory.</summary>
    public GivenUp GivenUp { get; }

    /// <summary>What became of every on-line request.</summary>
    public DuplicateLedger Ledger { get; }

    /// <summary>The exchanges of a measurement.</summary>
    public KeptExchanges Kept { get; }

    /// <summary>Exchanges that are done with.</summary>
    public ExchangePool Pool { get; }

    /// <summary>The open connections to the clone.</summary>
    public ShadowRoll Shadows { get; } = new();

    /// <summary>The clone's connections are opened a time shift after the on-line ones, not with their first request.</summary>
    public bool ConnectsAtOnce => !settings.Protocol.LogsIn;

    /// <summary>Patterns are searched for in replies: too much for a thread on which others wait.</summary>
    public bool AppliesRules => settings.Rules.ReplyWildcards.Count > 0 || settings.Rules.Identities.Count > 0;

    /// <summary>The order of a database's writes.</summary>
    public WriteOrder WriteOrder { get; } = new();

    /// <summary>Why the clone could not be spoken to, the last time; null when it always could.</summary>
    public string? LastFailure { get; private set; }

    /// <summary>Events that came to an exchange where they cannot, and were left out: each is a fault of the proxy's own.</summary>
    public long FaultCount => Interlocked.Read(ref faults);

    /// <summary>What each side calls the same thing.</summary>
    public Identities Identities { get; } = new();

    /// <summary>When the duplicate of an arrival is due.</summary>
    public long DueAt(long arrival) => arrival + shiftTicks;

    /// <summary>A span of time in the clock's ticks.</summary>
    public long Ticks(TimeSpan span) => (long)(span.TotalSeconds * clock.TimestampFrequency);

    /// <summary>A shadow of a new on-line connection.</summary>
    public ShadowConnection Open(Dialogue online)
    {
        var session = settings.Protocol.OpenShadow(online, settings.Rules, Identities);
        var shadow = new ShadowConnection(this, session, clock, stop.Token);
        Budget.Hold(ShadowConnection.Overhead);
        Shadows.Add(shadow);
        shadow.Start();
        return shadow;
    }

    /// <summary>
    /// An on-line request begins. A request that may change the connection's protocol has no duplicate, nor has one for which
    /// there is no memory.
    /// </summary>
    public ITap? Begin(ShadowConnection shadow, in ClientStep step, long arrival)
    {
        if (step.IsPrivate)
        {
            // Where a session has a state, what comes after it would mean something else at the clone.
            if (step.IsStream && shadow.Session.KeepsState)
                shadow.GiveUp(GiveUpReason.Stream);
            CountPrivate(step, shadow.Session.KeepsState);
            return null;
        }

        if (!shadow.IsUsable || !Budget.TryHold(Exchange.Overhead))
        {
            shadow.GiveUp(GiveUpReason.Memory);
            Ledger.BeginGivenUp(shadow.WhyGivenUp);
            Kept.CountRefused(arrival, shadow.WhyGivenUp);
            return null;
        }

        var isKept = !step.IsOneWay && Kept.IsKeeping;
        var exchange = Pool.Take();
        exchange.Begin(shadow, step, arrival, isKept);
        if (isKept)
            Kept.Add(exchange);
        return exchange;
    }

    /// <summary>
    /// A request passes that is relayed only: the clone lacks a stream, and what others on its connection depend on; of any other it is by
    /// design.
    /// </summary>
    public void CountPrivate(in ClientStep step, bool keepsState)
    {
        if (step.IsStream)
            GivenUp.Tell(GiveUpReason.Stream, $"{settings.Protocol.Name}: a connection that is, or may become, a stream");
        if (step.IsStream || keepsState)
            Ledger.BeginGivenUp(step.IsStream ? GiveUpReason.Stream : GiveUpReason.NotRepeatable);
        else
            Ledger.BeginWithout(NotDuplicated.Private);
    }

    /// <summary>Keeps what was given up as a sample.</summary>
    public void TellOf(GiveUpReason why, ReadOnlySpan<byte> request)
    {
        try
        {
            var excerpt = settings.Protocol.ExcerptOf(request, settings.Rules.Redaction);
            GivenUp.Tell(why, excerpt.Length > 0 ? excerpt : $"{settings.Protocol.Name}: data of a request that came before");
        }
        catch (Exception e) when (e is ProtocolException or ArgumentException)
        {
            // It cannot be read, and has no sample.
        }
    }

    /// <summary>An on-line request begins in the middle of what a session at the clone could not be brought to.</summary>
    /// <param name="step">How it begins.</param>
    /// <param name="arrival">When its first byte was read.</param>
    /// <param name="why">What that is; null where it was told.</param>
    public void Refuse(in ClientStep step, long arrival, string? why)
    {
        if (step.IsPrivate)
        {
            CountPrivate(step, keepsState: true);
            return;
        }

        Ledger.BeginGivenUp(GiveUpReason.StateLost);
        if (why is not null)
            GivenUp.Tell(GiveUpReason.StateLost, $"a session in the middle of something: {why}");
        Kept.CountRefused(arrival, GiveUpReason.StateLost);
    }

    /// <summary>Both sides of an exchange have ended.</summary>
    public void Ended(Exchange exchange)
    {
        if (exchange.Sandbox.Status == Answer.NoReply)
            ResponseTimes.AddError();
        else
            ResponseTimes.Add(clock.GetElapsedTime(exchange.Due, exchange.Sandbox.EndedAt), exchange.Sandbox.IsError);
        if (exchange.Online.Status != Answer.NoReply && exchange.Sandbox.Status != Answer.NoReply)
            Compare(exchange);
        Kept.Trim();
    }

    /// <summary>The clone broke the protocol, or refuses the log-in.</summary>
    public void Failed(string reason) => LastFailure = OneLine.Of(settings.Rules.Redaction.Text(reason));

    /// <summary>A report begins anew: samples and the last failure are those of the time from now on; counts go on.</summary>
    public void ForgetSamples()
    {
        LastFailure = null;
        GivenUp.ForgetSamples();
        Comparison.ForgetSamples();
    }

    /// <summary>Something came to an exchange that cannot.</summary>
    public void CountFault() => Interlocked.Increment(ref faults);

    /// <summary>Whether no duplicate that is due waits behind another on its connection: the clone has no backlog.</summary>
    public bool HasCaughtUp() => !Shadows.Read().Any(shadow => shadow.IsBehind);

    /// <summary>Gives up what was due before: shadow connections begin anew.</summary>
    public void Drop(long dueBefore)
    {
        foreach (var shadow in Shadows.Read())
            shadow.Drop(dueBefore);
    }

    /// <summary>Ends the oldest connection to the clone, because on-line ones need its descriptor; false when there is none.</summary>
    public bool TryGiveWay() => Shadows.Read().Any(shadow => shadow.TryGiveWay());

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        IdleConnections.Remove(this);
        await stop.CancelAsync().ConfigureAwait(false);
        watch.Dispose();
        Pacer.Dispose();
        foreach (var shadow in Shadows.Read())
            await shadow.DisposeAsync().ConfigureAwait(false);
    }

    private void Compare(Exchange exchange)
    {
        try
        {
            if (exchange.IsComparable)
                Comparison.Add(exchange);
            exchange.Shadow.Session.Pair(exchange);
        }
        catch (Exception e) when (e is ProtocolException or ArgumentException or FormatException or IndexOutOfRangeException
            or InvalidOperationException)
        {
            // A clone may say anything: what cannot be read teaches nothing.
        }
    }
}
