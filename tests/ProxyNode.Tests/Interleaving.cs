using System.Net;
using System.Text;
using CsCheck;
using JustRunIt.ProxyNode.MySql;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying;
using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Replaying.GivingUp;
using JustRunIt.ProxyNode.Replaying.Shadows;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>
/// Sessions of a database whose statements arrive and are completed on-line at random times, and are repeated at a clone in steps of a
/// random order: each session asks for the turn of its next statement when the one before is done. One thing happens in a step, and
/// everything that it lets go is seen before the next.
/// </summary>
internal sealed class Interleaving : IAsyncDisposable
{
    /// <summary>Step of what does not happen.</summary>
    public const int Never = int.MaxValue;

    /// <summary>How much later than it happened a thread may tell of a completion; duplicates are due later than that.</summary>
    private const int LatestWord = 4;

    /// <summary>ER_LOCK_DEADLOCK.</summary>
    private const int Deadlock = 1213;

    private const int StepsForALoss = 12;

    private static readonly Gen<Said> Statements = Gen.Select(
        Gen.Enum<StatementKind>(), Gen.Int[0, 12], Gen.Int[1, 25], Gen.Int[0, LatestWord], Gen.Int[0, 9])
        .Select((kind, think, duration, late, how) => new Said(kind, think, duration, late, AnswersEarly: how == 0, IsPipelined: how == 1));

    private readonly TimeProvider clock = TimeProvider.System;
    private readonly Replay replay;
    private readonly List<Session> sessions = [];
    private readonly Queue<(long At, Action Happen)> online;

    private Interleaving(Said[][] said)
    {
        replay = Idle(clock);
        var events = new List<(long At, Action Happen)>();
        var start = clock.GetTimestamp();
        foreach (var session in said)
            sessions.Add(Plan(session, start, events));
        online = new(events.OrderBy(happening => happening.At));
    }

    /// <summary>What sessions say, and the order of the steps.</summary>
    public static Gen<(Said[][] Sessions, int[] Choices)> Any { get; } = Gen.Select(
        Statements.Array[1, 8].Array[1, 6], Gen.Int[0, 999].Array[0, 250]);

    /// <summary>All statements.</summary>
    public IEnumerable<Statement> All => sessions.SelectMany(session => session.Statements);

    /// <summary>Number of the step that has happened last.</summary>
    public int Now { get; private set; }

    /// <summary>Runs until nothing more can happen.</summary>
    /// <param name="any">One of <see cref="Any"/>.</param>
    /// <param name="withLosses">Sessions of the clone break off, with what waits in them.</param>
    /// <param name="afterStep">Called when a step and all that it let go is over.</param>
    public static Interleaving Run((Said[][] Sessions, int[] Choices) any, bool withLosses, Action<Interleaving>? afterStep = null)
    {
        var run = new Interleaving(any.Sessions);
        for (var choices = new Queue<int>(any.Choices); run.TryStep(choices.TryDequeue(out var choice) ? choice : 0, withLosses);)
            afterStep?.Invoke(run);
        return run;
    }

    /// <summary>A replay of MySQL in which nothing is due: the clone's connections do nothing by themselves.</summary>
    public static Replay Idle(TimeProvider clock) => new(
        new ReplaySettings(
            ProtocolRegistry.FindMessages("mysql")!,
            new IPEndPoint(IPAddress.Loopback, 1),
            TimeSpan.FromDays(1),
            ServiceRules.None,
            1L << 30), clock);

    /// <summary>A statement arrives; its end is not heard yet.</summary>
    public static Exchange Begin(Replay replay, ShadowConnection shadow, string sql, long arrival)
    {
        var exchange = (Exchange)replay.Begin(
            shadow, new ClientStep { Begins = true, Ends = true, Kind = (int)MySqlCommand.Query }, arrival)!;
        exchange.Request(MySqlPacket.Frame([(byte)MySqlCommand.Query, .. Encoding.ASCII.GetBytes(sql)], 0));
        return exchange;
    }

    public ValueTask DisposeAsync() => replay.DisposeAsync();

    private Session Plan(Said[] said, long start, List<(long At, Action Happen)> events)
    {
        var session = new Session(replay.Open(new MySqlDialogue()));
        var (arrival, completion, told, wasEarly) = (start, start, start, false);
        foreach (var one in said)
        {
            // A client asks when it has its answer; one that does not wait has its answers in the order of its questions all the same.
            arrival = one.IsPipelined && !wasEarly ? arrival + 1 : completion + 1 + one.Think;
            // What comes on a connection after a request comes after the request's end.
            arrival = wasEarly ? Math.Max(arrival, told) : arrival;
            completion = Math.Max(completion, arrival + one.Duration);
            told = Math.Max(told, completion + one.Late);
            wasEarly = one.AnswersEarly && one.Kind != StatementKind.AbortedWrite;
            var statement = new Statement(session, one.Kind, arrival, completion);
            session.Statements.Add(statement);
            // A server may answer before it has heard the end: then both become known at once.
            if (wasEarly)
                events.Add((told, () => Happen(Begin, EndOnline, Announce, Tell)));
            else
                events.AddRange([(arrival, () => Happen(Begin, Announce)), (told, () => Happen(EndOnline, Tell))]);

            void Happen(params Action<Statement>[] happenings) => Array.ForEach(happenings, happening => happening(statement));
        }

        return session;
    }

    private bool TryStep(int choice, bool withLosses)
    {
        var possible = new List<Action>();
        if (online.TryPeek(out var next))
            possible.Add(() => online.Dequeue().Happen());
        var heard = online.Count == 0 ? long.MaxValue : next.At;
        foreach (var session in sessions)
        {
            // The completion of whatever came before it is known by the time that a duplicate is due.
            if (session.Next is { IsAnnounced: true } asks
                && session.Current is null or { DoneIn: < Never }
                && asks.Arrival + LatestWord < heard)
                possible.Add(() => AskForTurn(session, asks));
            if (session.Current is { LetGoIn: < Never, DoneIn: Never } running)
                possible.Add(() => Done(running));
            if (withLosses && !session.IsLost && session.Next is not null && choice % StepsForALoss == 0)
                possible.Add(() => Lose(session, isShed: choice % 2 == 0));
        }

        if (possible.Count == 0)
            return false;
        Now++;
        possible[choice % possible.Count]();
        foreach (var statement in All.Where(statement => statement is { LetGoIn: Never, Turn.IsCompleted: true }))
            statement.LetGoIn = Now;
        return true;
    }

    private void Begin(Statement statement) =>
        statement.Exchange = Begin(replay, statement.Session.Shadow, statement.Sql, statement.Arrival);

    private void Tell(Statement statement) => statement.ToldIn = Now;

    private static void Announce(Statement statement)
    {
        statement.Exchange.RequestEnded();
        statement.IsAnnounced = true;
        if (statement.Session.IsLost)
            GiveUp(statement, isShed: true);
    }

    private static void GiveUp(Statement statement, bool isShed)
    {
        Assert.True(statement.Session.Shadow.TryTake(statement.Exchange));
        if (isShed)
            statement.Exchange.Shed(GiveUpReason.Memory);
        else
            statement.Exchange.SandboxAnswered(Answer.None(TimeProvider.System.GetTimestamp()));
    }

    private static void EndOnline(Statement statement)
    {
        if (statement.Kind == StatementKind.AbortedWrite)
            statement.Exchange.Aborted(statement.Completion);
        else
            statement.Exchange.ReplyEnded(
                new ServerStep { IsReply = true, Ends = true, Status = statement.IsGivenUp ? Deadlock : 0 }, statement.Completion);
    }

    private void AskForTurn(Session session, Statement statement)
    {
        session.Current = statement;
        session.Asked++;
        // As its connection does: what is taken is no longer shed with the rest.
        Assert.True(session.Shadow.TryTake(statement.Exchange));
        statement.AskedIn = Now;
        statement.Turn = replay.WriteOrder.Wait(statement.Exchange, clock);
    }

    private void Done(Statement statement)
    {
        statement.Exchange.SandboxAnswered(new Answer(clock.GetTimestamp(), 0, IsError: false));
        statement.DoneIn = Now;
    }

    /// <summary>What waits for its turn already goes on to wait; all that comes after it in the session is given up.</summary>
    private void Lose(Session session, bool isShed)
    {
        session.IsLost = true;
        foreach (var statement in session.Statements.Skip(session.Asked))
        {
            statement.DoneIn = Now;
            if (statement.IsAnnounced)
                GiveUp(statement, isShed);
        }

        session.Asked = session.Statements.Count;
    }

    /// <summary>What a client says, and how it fares on-line.</summary>
    /// <param name="Kind">Kind of statement.</param>
    /// <param name="Think">Time from the answer before.</param>
    /// <param name="Duration">Time to the answer.</param>
    /// <param name="Late">Time until anybody hears of the answer.</param>
    /// <param name="AnswersEarly">The answer comes before the whole statement is known.</param>
    /// <param name="IsPipelined">The client did not wait for the answer before.</param>
    internal sealed record Said(StatementKind Kind, int Think, int Duration, int Late, bool AnswersEarly, bool IsPipelined);

    /// <summary>A connection.</summary>
    internal sealed class Session(ShadowConnection shadow)
    {
        public ShadowConnection Shadow => shadow;

        public List<Statement> Statements { get; } = [];

        public int Asked { get; set; }

        public bool IsLost { get; set; }

        /// <summary>The last one that asked for its turn.</summary>
        public Statement? Current { get; set; }

        /// <summary>The next one that will.</summary>
        public Statement? Next => Asked < Statements.Count ? Statements[Asked] : null;
    }

    /// <summary>A statement, and in which step what became of it.</summary>
    internal sealed class Statement(Session session, StatementKind kind, long arrival, long completion)
    {
        public Session Session => session;

        public StatementKind Kind => kind;

        public string Sql => kind switch
        {
            StatementKind.Read => "SELECT price FROM items",
            StatementKind.EndOfTransaction => "COMMIT",
            _ => "UPDATE items SET price = 1",
        };

        public long Arrival => arrival;

        public long Completion => completion;

        public bool IsGivenUp => kind == StatementKind.DeadlockedWrite;

        /// <summary>It has a place in the order of what was completed.</summary>
        public bool HasPlace => kind != StatementKind.Read;

        /// <summary>It goes in its place and not before: it writes, and may take locks that others wait for.</summary>
        public bool KeepsItsPlace => kind is StatementKind.Write or StatementKind.AbortedWrite;

        public Exchange Exchange { get; set; } = null!;

        public bool IsAnnounced { get; set; }

        public Task? Turn { get; set; }

        /// <summary>Its completion on-line was told.</summary>
        public int ToldIn { get; set; } = Never;

        public int AskedIn { get; set; } = Never;

        public int LetGoIn { get; set; } = Never;

        /// <summary>It was repeated, or given up.</summary>
        public int DoneIn { get; set; } = Never;

        public override string ToString() =>
            $"{kind} {arrival % 1000}–{completion % 1000}: told {ToldIn}, asked {AskedIn}, let go {LetGoIn}, done {DoneIn}";
    }
}

/// <summary>What a statement does, and how it ends.</summary>
internal enum StatementKind
{
    Read,
    Write,
    EndOfTransaction,
    DeadlockedWrite,
    AbortedWrite,
}
