using System.Text;
using JustRunIt.ProxyNode.Sql;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// Keeps what a session has (<see cref="PgFacts"/>) in step with what its server does. A statement counts once the server has said that it
/// is done (CommandComplete), and no longer where its transaction, or the part of it behind a savepoint, is rolled back, or where an
/// error undoes what came before it up to the last Sync (PostgreSQL manual, "Pipelining" and "Multiple Statements in a Simple Query").
/// </summary>
/// <remarks>
/// A cycle is a simple query, or what comes up to a Sync, and ends with one ReadyForQuery, also where data of a copy come in between.
/// </remarks>
/// <param name="prepared">What the protocol has prepared, which SQL may give up; null to leave that alone.</param>
internal sealed class PgSession(PgStatements? prepared)
{
    /// <summary>Settings that a server reports of itself (ParameterStatus), and that decide what statements mean.</summary>
    private static readonly HashSet<string> Reported = new(StringComparer.OrdinalIgnoreCase)
    {
        "timezone", "datestyle", "intervalstyle", "client_encoding", "search_path", "default_transaction_read_only",
        "standard_conforming_strings",
    };

    /// <summary>Most statements, and most that they do, that wait for their turn.</summary>
    private const int MostWaiting = 1024;

    /// <summary>Most characters of what they do.</summary>
    private const int MostWaitingSize = 256 * 1024;

    /// <summary>Most that is taken to succeed before each request: what waits is gone through for each.</summary>
    private const int MostExpected = 64;

    private readonly Queue<(long Cycle, int Index, PgCommand Command)> asked = new();
    private readonly List<(string Savepoint, PgFacts Facts)> points = [];
    private readonly Dictionary<string, string> atStart = new(StringComparer.OrdinalIgnoreCase);
    private Dictionary<string, string>? reported;
    private long missed;
    private int waiting;
    private int waitingSize;
    private long begun;
    private long ended;
    private int completed;
    private bool hasFailed;
    private bool hasDone;
    private bool isExplicit;

    /// <summary>What the session has, as far as the server has said. May be read while the session goes on.</summary>
    public PgFacts Facts { get; private set; } = PgFacts.None;

    /// <summary>Whether the server has done something for it.</summary>
    public bool HasAsked => ended > 0;

    /// <summary>Whether a statement that matters may be the next that is done.</summary>
    public bool AwaitsCompletion => asked.TryPeek(out var next) && next.Cycle == ended + 1;

    /// <summary>Whether a cycle is under way.</summary>
    public bool IsUnderWay => ended < begun;

    /// <summary>Goes on from where another connection of the same session was.</summary>
    public void Continue(PgFacts facts) => Facts = facts;

    /// <summary>The number of the cycle that a message belongs to.</summary>
    /// <param name="begins">It is the first of a cycle that has not been told of yet.</param>
    public long Current(bool begins) => begun + (begins ? 1 : 0);

    /// <summary>A cycle begins.</summary>
    public void CycleBegun() => begun++;

    /// <summary>A statement was asked for.</summary>
    /// <param name="cycle">In which cycle.</param>
    /// <param name="index">How many are done before it in the same.</param>
    /// <param name="command">What it does.</param>
    public void Ask(long cycle, int index, PgCommand command)
    {
        if (!command.Matters)
            return;
        asked.Enqueue((cycle, index, command));
        waiting += 1 + command.Effects.Count;
        waitingSize += command.Size;
    }

    /// <summary>Statements that matter and have not had their turn.</summary>
    public int Waiting => asked.Count;

    /// <summary>Whether another statement can wait for its turn; where it cannot, what the session has then is not known.</summary>
    public bool HasPlace(long cycle)
    {
        if (waiting < MostWaiting && waitingSize < MostWaitingSize)
            return true;
        missed = cycle;
        return false;
    }

    /// <summary>
    /// What the session will have when a cycle that begins now comes to its turn: as it has, and what was asked for before and is not
    /// answered yet, if that succeeds. Where that is much, as it has.
    /// </summary>
    public PgFacts Expected()
    {
        // Where nothing waits, a transaction that goes on changes nothing.
        if (ended == begun || (asked.Count == 0 && (points.Count == 0 || isExplicit))
            || waiting > MostExpected || begun - ended > MostExpected || points.Count > MostExpected)
            return Facts;
        var expected = new PgSession(prepared: null)
        {
            Facts = Facts,
            begun = begun,
            ended = ended,
            hasFailed = hasFailed,
            isExplicit = isExplicit,
        };
        expected.points.AddRange(points);
        foreach (var (cycle, _, command) in asked)
        {
            while (expected.ended + 1 < cycle)
                expected.Ready(expected.isExplicit ? 'T' : 'I');
            if (!expected.hasFailed)
                expected.Execute(command, isRolledBack: false);
        }

        while (expected.ended < begun)
            expected.Ready(expected.isExplicit ? 'T' : 'I');
        return expected.Facts;
    }

    /// <summary>The server has done the next statement, or found nothing in it to be done.</summary>
    /// <param name="isRolledBack">It says that it rolled a transaction back: COMMIT does so, too, where that has failed.</param>
    public void Completed(bool isRolledBack)
    {
        completed++;
        while (asked.TryPeek(out var next) && next.Cycle == ended + 1 && next.Index < completed)
            Execute(Next(), isRolledBack);
    }

    /// <summary>The server has said an error: it does nothing more in this cycle.</summary>
    public void Failed() => hasFailed = true;

    /// <summary>The server reports one of its parameters.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value, a byte a character.</param>
    /// <param name="isLoggingIn">It is so from the start.</param>
    public void Report(string name, string value, bool isLoggingIn)
    {
        if (!Reported.Contains(name))
            return;
        if (isLoggingIn)
            atStart[name] = value;
        else if (IsUnderWay)
            (reported ??= new(StringComparer.OrdinalIgnoreCase))[name] = value;
    }

    /// <summary>The server is ready for the next cycle.</summary>
    /// <param name="status">Of the transaction: I (none is open), T, or E (it has failed).</param>
    public void Ready(char status)
    {
        ended++;
        while (asked.TryPeek(out var next) && next.Cycle <= ended)
            Next();
        if (status == 'I')
        {
            if (points.Count > 0 && hasFailed)
                Facts = Facts.BackTo(points[0].Facts);
            points.Clear();
            Facts = Facts.WithoutLocal();
        }
        else if (points.Count == 0)
        {
            points.Add(("", Facts));
        }

        // What no statement has set was set by a function: it is so all the same.
        if (reported is not null && !hasDone && !hasFailed)
        {
            foreach (var (name, value) in reported)
            {
                Facts = Facts.With(Change(PgSql.Lower(name), value));
                if (value.Length > PgEffects.LongestKept)
                    Facts = Facts.With(PgEffects.Unread);
            }
        }

        if (missed >= ended)
            Lose();
        (isExplicit, completed, hasFailed, hasDone, reported) = (status != 'I', 0, false, false, null);
    }

    private PgEffect Change(string name, string value) => atStart.GetValueOrDefault(name) == value
        ? new PgEffect(PgEffectKind.Reset, name)
        : PgSetStatement.Config(name, value.Length > PgEffects.LongestKept ? PgEffects.Bounded(value) : value);

    /// <summary>Statements had no place: what they have done is not known, nor whether it is rolled back.</summary>
    private void Lose()
    {
        Facts = Facts.With(PgEffects.Unread);
        for (var i = 0; i < points.Count; i++)
            points[i] = (points[i].Savepoint, points[i].Facts.With(PgEffects.Unread));
    }

    private PgCommand Next()
    {
        var (_, _, command) = asked.Dequeue();
        waiting -= 1 + command.Effects.Count;
        waitingSize -= command.Size;
        return command;
    }

    private void Execute(PgCommand command, bool isRolledBack)
    {
        hasDone = true;
        if (points.Count == 0)
            points.Add(("", Facts));
        switch (command.Step)
        {
            case PgStep.Begins:
                isExplicit = true;
                break;
            case PgStep.Commits or PgStep.RollsBack:
                if (isRolledBack || command.Step == PgStep.RollsBack)
                    Facts = Facts.BackTo(points[0].Facts);
                Facts = Facts.WithoutLocal();
                points.Clear();
                isExplicit = command.Chains;
                return;
            case PgStep.Saves:
                points.Add((command.Savepoint, Facts));
                return;
            case PgStep.Returns or PgStep.Releases:
                GoTo(command);
                return;
        }

        foreach (var effect in command.Effects)
            Take(effect);
    }

    /// <summary>The first point is the transaction's beginning, which has no name.</summary>
    private void GoTo(PgCommand command)
    {
        var point = points.FindLastIndex(kept => kept.Savepoint == command.Savepoint);
        if (point <= 0)
            return;
        if (command.Step == PgStep.Releases)
        {
            points.RemoveRange(point, points.Count - point);
            return;
        }

        Facts = Facts.BackTo(points[point].Facts);
        points.RemoveRange(point + 1, points.Count - point - 1);
    }

    private void Take(in PgEffect effect)
    {
        Facts = Facts.With(effect);
        if (effect.Kind == PgEffectKind.DiscardAll || effect is { Kind: PgEffectKind.Deallocate, Name: "" })
            prepared?.Clear();
        else if (effect.Kind == PgEffectKind.Deallocate)
            prepared?.Close(LosslessText.Of(Encoding.Latin1.GetBytes(effect.Name)));
    }
}
