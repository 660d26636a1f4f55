using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Replaying.GivingUp;
using JustRunIt.ProxyNode.Replaying.Ordering;
using JustRunIt.ProxyNode.Replaying.Shadows;
using JustRunIt.ProxyNode.Sockets;
using JustRunIt.ProxyNode.Sql;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// MySQL at a cloned server: a log-in of its own with the rules' credentials, and the on-line session made again there, also where the
/// clone's connection had to be replaced; numbers of statements and of connections in the clone's.
/// </summary>
/// <param name="online">The on-line connection's.</param>
/// <param name="rules">The service's rules.</param>
/// <param name="identities">Takes what each side calls a connection.</param>
internal sealed partial class MySqlShadow(MySqlDialogue online, ServiceRules rules, Identities identities) : ShadowSession(rules)
{
    private readonly ServiceRules rules = rules;
    private readonly MySqlStatements statements = new(online.Session);
    private readonly MySqlKill kill = new(identities);
    private MySqlSession session = online.Session.Copy(withStatements: false);
    private MySqlGreeting? greeting;

    /// <summary>Whether the number of the last row inserted, which a statement may ask for, was given out on a connection before.</summary>
    private bool hasLostInserted = online.Session.HasAsked;

    /// <inheritdoc />
    public override bool KeepsState => true;

    /// <inheritdoc />
    public override Dialogue Open() => new MySqlDialogue();

    /// <inheritdoc />
    public override async Task LogInAsync(LoopSocket clone, Dialogue dialogue)
    {
        var login = (session.Login ?? throw new ProtocolException("the on-line connection has not logged in")) with
        {
            Database = session.Database,
        };
        var password = rules.Credentials.GetValueOrDefault(login.User, "");
        var stream = MySqlPacket.Open(clone);
        var (payload, sequence) = await MySqlPacket.ReceiveAsync(stream).ConfigureAwait(false);
        MySqlLogInAnew.ThrowIfError(payload);
        greeting = MySqlGreeting.Parse(payload);
        await stream.SendAsync(MySqlPacket.Frame(login.ToPayload(password, greeting), sequence + 1)).ConfigureAwait(false);
        greeting = await MySqlLogInAnew.AuthenticateAsync(stream, greeting, password).ConfigureAwait(false);
        if (online.Greeting is { } original)
            kill.Pair(original.Connection, greeting.Connection);
        if (!login.FitsLogIn)
        {
            await stream.SendAsync(MySqlPacket.Frame(login.ToChange(password, greeting), 0)).ConfigureAwait(false);
            greeting = await MySqlLogInAnew.AuthenticateAsync(stream, greeting, password).ConfigureAwait(false);
        }

        hasLostInserted |= session.HasAsked;
        session = session.Copy(withStatements: false);
        // Both sides' replies must have the same form: what the clone could beyond the original is not used.
        ((MySqlDialogue)dialogue).StartAtCommands(login, online.Greeting ?? greeting, session);
        await MySqlLogInAnew.SetAsync(stream, session).ConfigureAwait(false);
        await statements.PrepareAsync(stream, (MySqlDialogue)dialogue).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public override Unrepeated? Refuse(Exchange exchange)
    {
        var request = exchange.RequestBytes.Span;
        var command = (MySqlCommand)exchange.Kind;
        switch (command)
        {
            case MySqlCommand.RegisterSlave:
                return new Unrepeated(GiveUpReason.Stream, "a replica registers", EndsSession: true);
            case MySqlCommand.Shutdown:
                return new Unrepeated(GiveUpReason.NotRepeatable, "COM_SHUTDOWN", EndsSession: false);
            case MySqlCommand.ChangeUser when exchange.Online is { EndedAt: not 0, Status: not 0 }:
                return new Unrepeated(GiveUpReason.NotRepeatable, "COM_CHANGE_USER that the original refused", EndsSession: true);
            case MySqlCommand.Query or MySqlCommand.StatementExecute or MySqlCommand.StatementBulkExecute or MySqlCommand.ProcessKill:
                break;
            default:
                return null;
        }

        var sql = SqlOf(request);
        // Of several statements the others are not repeated either.
        var isSeveral = command == MySqlCommand.Query && MySqlWords.IsSeveral(sql);
        if (command == MySqlCommand.Query && MySqlWords.LoadsLocalFile(sql))
            return new Unrepeated(GiveUpReason.NotRepeatable, "LOAD DATA LOCAL: its file is the client's", isSeveral);
        if (kill.WhyNot(command, sql, session) is { } strange)
            return new Unrepeated(GiveUpReason.NotRepeatable, strange, isSeveral);
        if (isSeveral && exchange.Order == SqlOrder.Ordered && Instead(exchange.Online.Status) is not null)
            return new Unrepeated(GiveUpReason.NotRepeatable, "several statements, one of which the original gave up", EndsSession: true);
        return hasLostInserted && AsksForInserted().IsMatch(Encoding.UTF8.GetString(sql))
            ? new Unrepeated(GiveUpReason.StateLost, "the number of the row inserted last is of a connection before", EndsSession: true)
            : null;
    }

    /// <inheritdoc />
    public override string? Lost(Exchange next)
    {
        if ((MySqlCommand)next.Kind is MySqlCommand.ResetConnection or MySqlCommand.ChangeUser or MySqlCommand.Quit)
            return null;
        if ((session.Unrepeatable ?? statements.UnrepeatableIn(session.Parsing)) is { } lost)
            return lost;
        if (!hasLostInserted && !session.HasAsked)
            return null;
        var sql = Encoding.UTF8.GetString(SqlOf(next.RequestBytes.Span));
        return AsksForInserted().IsMatch(sql) ? "the number of the row inserted last"
            : session.HasAsked && AsksForLast().IsMatch(sql) ? "what the statement before it has said"
            : null;
    }

    /// <inheritdoc />
    public override bool LogsInAnew(Exchange exchange) => exchange.Kind == (int)MySqlCommand.ChangeUser;

    /// <inheritdoc />
    public override async Task LogInAnewAsync(LoopSocket clone, Exchange exchange)
    {
        exchange.IsReplaced = true;
        var login = session.Login!.Change(ArgumentOf(exchange.RequestBytes.Span));
        var password = rules.Credentials.GetValueOrDefault(login.User, "");
        var stream = MySqlPacket.Open(clone);
        await stream.SendAsync(MySqlPacket.Frame(login.ToChange(password, greeting!), 0)).ConfigureAwait(false);
        greeting = await MySqlLogInAnew.AuthenticateAsync(stream, greeting!, password).ConfigureAwait(false);
        session.LogsIn(login);
        statements.Clear();
        hasLostInserted = false;
    }

    /// <summary>ER_SERVER_SHUTDOWN, ER_CONNECTION_KILLED (MariaDB), ER_SESSION_WAS_KILLED, ER_CLIENT_INTERACTION_TIMEOUT.</summary>
    public override bool IsEnd(int status) => status is 1053 or 1927 or 3169 or 4031;

    /// <inheritdoc />
    public override void Missed(Exchange exchange)
    {
        var argument = ArgumentOf(exchange.RequestBytes.Span);
        // What failed at the original has left nothing there, but for what was done before, of several statements.
        if (exchange.Online is { EndedAt: not 0, Status: not 0 })
        {
            if (exchange.Kind == (int)MySqlCommand.Query && MySqlWords.IsSeveral(argument)
                && MySqlWords.MayChange(argument, isMany: true))
                session.Lose("what several statements have left, one of which failed", LosslessText.Of(argument));
            return;
        }

        switch ((MySqlCommand)exchange.Kind)
        {
            case MySqlCommand.Query when MySqlWords.MayChange(argument, isMany: true):
                session.Execute(argument);
                session.InTransaction |= Begins().IsMatch(Encoding.UTF8.GetString(argument));
                break;
            case MySqlCommand.InitDb:
                session.Database = Encoding.UTF8.GetString(argument);
                break;
            case MySqlCommand.SetOption:
                session.Option = argument.ToArray();
                break;
            case MySqlCommand.ResetConnection:
                session.Reset();
                statements.Clear();
                break;
            case MySqlCommand.ChangeUser:
                session.LogsIn(session.Login!.Change(argument));
                statements.Clear();
                break;
            case MySqlCommand.StatementPrepare when exchange.OnlineReply is MySqlReplyReader { Prepared: { } ours }:
                statements.Miss(ours, new MySqlStatement(LosslessText.Of(argument), 0, session.Database, parsing: session.Parsing));
                break;
            case MySqlCommand.StatementExecute when MySqlWords.MayChange(SqlOf(exchange.RequestBytes.Span), isMany: false):
                session.Execute(SqlOf(exchange.RequestBytes.Span), 0, null, MySqlText.Separator + Encoding.Latin1.GetString(argument));
                break;
            case MySqlCommand.StatementClose:
                statements.Close(exchange.RequestBytes.Span);
                break;
        }
    }

    /// <inheritdoc />
    public override ReplyReader OpenReply(Exchange exchange) =>
        new MySqlReplyReader(rules, (MySqlCommand)exchange.Kind);

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Rewrite(ReadOnlyMemory<byte> request) =>
        request.Length <= MySqlPacket.HeaderLength ? request
        : (MySqlCommand)request.Span[MySqlPacket.HeaderLength] switch
        {
            MySqlCommand.StatementExecute or MySqlCommand.StatementBulkExecute or MySqlCommand.StatementClose
                or MySqlCommand.StatementFetch or MySqlCommand.StatementReset or MySqlCommand.StatementSendLongData =>
                statements.Rewrite(request),
            MySqlCommand.Query or MySqlCommand.ProcessKill => kill.Rewrite(request, session.Dialect),
            _ => request,
        };

    /// <summary>
    /// A write gets the numbers of AUTO_INCREMENT that the original gave out, as in statement-based replication; one that the
    /// original gave up because of a lock or a limit of time is not repeated, but what that left behind is.
    /// </summary>
    public override ReadOnlyMemory<byte> Repeat(Exchange exchange, out int preceding)
    {
        preceding = 0;
        if (exchange.Order == SqlOrder.Ordered && Instead(exchange.Online.Status) is { } instead)
        {
            exchange.IsReplaced = true;
            return Command(instead);
        }

        if (exchange.Kind == (int)MySqlCommand.ResetConnection)
            statements.Clear();
        var request = Rewrite(exchange.RequestBytes);
        if (request.IsEmpty && exchange.Kind != (int)MySqlCommand.StatementClose)
        {
            exchange.NotSent = GiveUpReason.Diverged;
            exchange.Shadow.GiveUp(GiveUpReason.Diverged, "a prepared statement that the clone does not have");
        }

        if (request.IsEmpty || exchange.Order != SqlOrder.Ordered
            || exchange.OnlineReply is not MySqlReplyReader { FirstInserted: > 0 and var first })
            return request;
        preceding = 1;
        return (byte[])[.. Command(string.Create(CultureInfo.InvariantCulture, $"SET insert_id={first}")), .. request.Span];
    }

    /// <inheritdoc />
    public override void Pair(Exchange exchange)
    {
        if (exchange.OnlineReply is MySqlReplyReader { FirstInserted: > 0 })
            hasLostInserted = false;
        if (exchange is { OnlineReply: MySqlReplyReader { Prepared: { } ours }, SandboxReply: MySqlReplyReader { Prepared: { } theirs } }
            && !statements.Pair(ours, theirs, session))
            exchange.Shadow.GiveUp(GiveUpReason.StateLost, "the clone's connection was replaced, and with it went a prepared statement");
        if (exchange is { IsReplaced: false, Sandbox: { EndedAt: not 0, GivenUp: null }, Online: { EndedAt: not 0, Status: >= 0 } }
            && exchange.Online.Status != exchange.Sandbox.Status
            && Moves((MySqlCommand)exchange.Kind, exchange.RequestBytes.Span, exchange.Online.Status == 0 || exchange.Sandbox.Status == 0))
            exchange.Shadow.GiveUp(GiveUpReason.Diverged, "a database or a setting that only one side has changed to");
    }

    /// <inheritdoc />
    /// <remarks>Lists of sessions, and a line about the server since its start, too.</remarks>
    public override bool MayDiffer(ReadOnlySpan<byte> request) =>
        request.Length > MySqlPacket.HeaderLength
        && ((MySqlCommand)request[MySqlPacket.HeaderLength] is MySqlCommand.ProcessInfo or MySqlCommand.Statistics
            || NamesConnections().IsMatch(Encoding.UTF8.GetString(SqlOf(request))));

    /// <inheritdoc />
    public override SqlOrder OrderOf(ReadOnlySpan<byte> request)
    {
        if (request.Length <= MySqlPacket.HeaderLength)
            return SqlOrder.Any;
        var argument = ArgumentOf(request);
        return (MySqlCommand)request[MySqlPacket.HeaderLength] switch
        {
            MySqlCommand.Query => OrderOfText(argument),
            MySqlCommand.StatementExecute when argument.Length >= 4 =>
                online.Statements.TryGetValue(BinaryPrimitives.ReadUInt32LittleEndian(argument), out var statement)
                    ? OrderOfText(statement.Bytes.Span)
                    : SqlOrder.Ordered,
            MySqlCommand.StatementBulkExecute => SqlOrder.Ordered,
            MySqlCommand.ChangeUser or MySqlCommand.ResetConnection => SqlOrder.EndsTransaction,
            _ => SqlOrder.Any,
        };
    }

    /// <inheritdoc />
    public override bool IsGivenUp(int status) => Instead(status) is not null;

    /// <summary>What has the effect of a statement that was given up in a way that depends on others or on time.</summary>
    private static string? Instead(int error) => error switch
    {
        // ER_LOCK_DEADLOCK: the whole transaction is gone.
        1213 => "ROLLBACK",
        // ER_LOCK_WAIT_TIMEOUT, ER_QUERY_INTERRUPTED, ER_STATEMENT_TIMEOUT (MariaDB), ER_QUERY_TIMEOUT: only the statement is.
        1205 or 1317 or 1969 or 3024 => "DO 0",
        _ => null,
    };

    private static byte[] Command(string sql) => MySqlPacket.Frame([(byte)MySqlCommand.Query, .. Encoding.UTF8.GetBytes(sql)], 0);

    private static ReadOnlySpan<byte> ArgumentOf(ReadOnlySpan<byte> request) =>
        request[Math.Min(MySqlPacket.HeaderLength + 1, request.Length)..];

    /// <summary>Of several statements the strictest counts: one that writes, one that ends a transaction, one that reads.</summary>
    private static SqlOrder OrderOfText(ReadOnlySpan<byte> sql)
    {
        var strictest = SqlOrder.Any;
        for (var rest = sql; !rest.IsEmpty && strictest != SqlOrder.Ordered;)
        {
            var order = OrderOfStatement(MySqlWords.Next(ref rest));
            strictest = order == SqlOrder.Ordered || order > strictest ? order : strictest;
        }

        return strictest;
    }

    private static SqlOrder OrderOfStatement(ReadOnlySpan<byte> statement)
    {
        var first = MySqlWords.FirstWord(statement);
        var rest = statement[MySqlWords.StartOf(statement)..];
        if (Ascii.EqualsIgnoreCase(first, "SET"u8))
            return OrderOfSet(rest);
        // BEGIN NOT ATOMIC, a block of statements.
        if (Ascii.EqualsIgnoreCase(first, "BEGIN"u8) && Ascii.EqualsIgnoreCase(MySqlWords.SecondWord(statement), "NOT"u8))
            return SqlOrder.Ordered;
        return SqlText.OrderOf(Encoding.UTF8.GetString(rest));
    }

    /// <summary>What is set may be read from a table, or by a function that locks something.</summary>
    private static SqlOrder OrderOfSet(ReadOnlySpan<byte> set)
    {
        var isOfStatement = Ascii.EqualsIgnoreCase(MySqlWords.SecondWord(set), "STATEMENT"u8);
        if (isOfStatement || set.IndexOf((byte)'(') < 0)
            return isOfStatement ? SqlOrder.Ordered : SqlOrder.Any;
        var order = SqlOrder.Any;
        var tokens = MySqlLexer.Read(set, default);
        for (var at = 0; at < tokens.Count; at++)
        {
            var isCalled = at + 1 < tokens.Count && tokens[at + 1].IsMark("(") && tokens[at].IsName;
            if (tokens[at].Is("SELECT"))
                order = SqlOrder.Reads;
            else if (tokens[at].IsAny("UPDATE", "LOCK", "SHARE") || (isCalled && MySqlFunctions.TouchesData(tokens[at].Text)))
                return SqlOrder.Ordered;
        }

        return order;
    }

    /// <summary>Whether what follows means something else where a command fails, such as to change the database.</summary>
    /// <param name="command">Which.</param>
    /// <param name="request">All of it.</param>
    /// <param name="isDone">One side has done all of it; else each has perhaps done some of several statements.</param>
    private static bool Moves(MySqlCommand command, ReadOnlySpan<byte> request, bool isDone)
    {
        if (command is MySqlCommand.InitDb or MySqlCommand.SetOption or MySqlCommand.ResetConnection)
            return isDone;
        if (command != MySqlCommand.Query || (!isDone && !MySqlWords.IsSeveral(ArgumentOf(request))))
            return false;
        for (var rest = ArgumentOf(request); !rest.IsEmpty;)
        {
            var statement = MySqlWords.Next(ref rest);
            var first = MySqlWords.FirstWord(statement);
            if (Ascii.EqualsIgnoreCase(first, "USE"u8))
                return true;
            // What is of the whole server decides nothing here.
            if (Ascii.EqualsIgnoreCase(first, "SET"u8) && !Ascii.EqualsIgnoreCase(MySqlWords.SecondWord(statement), "GLOBAL"u8))
                return true;
        }

        return false;
    }

    /// <summary>The text of a command, or of the statement that it executes; empty for others.</summary>
    private ReadOnlySpan<byte> SqlOf(ReadOnlySpan<byte> request) => request.Length <= MySqlPacket.HeaderLength ? []
        : (MySqlCommand)request[MySqlPacket.HeaderLength] switch
        {
            MySqlCommand.Query => ArgumentOf(request),
            MySqlCommand.StatementExecute or MySqlCommand.StatementBulkExecute => statements.SqlOf(request),
            MySqlCommand.ProcessKill when request.Length >= MySqlPacket.HeaderLength + 5 => Encoding.ASCII.GetBytes(string.Create(
                CultureInfo.InvariantCulture, $"KILL {BinaryPrimitives.ReadUInt32LittleEndian(ArgumentOf(request))}")),
            _ => [],
        };

    /// <summary>What a server says of the statement before.</summary>
    [GeneratedRegex(
        @"\b(?:found_rows|row_count)\s*\(\s*\)|\ASHOW\s+(?:WARNINGS|ERRORS)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex AsksForLast();

    [GeneratedRegex(
        @"\blast_insert_id\s*\(\s*\)|@@(?:session\.|local\.)?(?:identity|last_insert_id)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex AsksForInserted();

    [GeneratedRegex(
        @"connection_id\s*\(|thread_id|processlist|is_used_lock\s*\(|\bfor\s+connection\b|\bexplain\s+for\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NamesConnections();

    [GeneratedRegex(@"\A\s*(?:BEGIN|START\s+TRANSACTION)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Begins();
}
