using System.Buffers.Binary;
using System.Collections.Concurrent;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// The prepared statements of an on-line session and their counterparts on the clone's present connection. A number of a connection that
/// was replaced is never used again: another statement may have it.
/// </summary>
internal sealed class MySqlStatements
{
    private const int NumberAt = MySqlPacket.HeaderLength + 1;
    private const int BehindNumber = NumberAt + sizeof(uint);

    private readonly ConcurrentDictionary<uint, MySqlStatement> known = new();
    private readonly ConcurrentDictionary<uint, uint> clones = new();

    /// <summary>Numbers of the clone's for which no types were sent on its present connection.</summary>
    private readonly HashSet<uint> untyped = [];

    /// <summary>Statements of an on-line session as it is now.</summary>
    public MySqlStatements(MySqlSession online)
    {
        foreach (var (number, statement) in online.Statements)
            known[number] = statement.Copy();
    }

    /// <summary>What of some statements would be gone with their connection; null where all can be prepared again.</summary>
    /// <param name="statements">Which.</param>
    /// <param name="parsing">How a text is read now.</param>
    public static string? UnrepeatableOf(ICollection<MySqlStatement> statements, string parsing) =>
        statements.Count == 0 ? null
        : statements.Any(statement => statement.HasPieces) ? "a parameter sent in pieces"
        : statements.Any(statement => statement.HasCursor) ? "an open cursor"
        : statements.Any(statement => statement.Parsing != parsing) ? "a statement that was prepared with other settings"
        : null;

    /// <summary>What of them would be gone with the clone's connection; null where all can be prepared again.</summary>
    /// <param name="parsing">How a text is read now.</param>
    public string? UnrepeatableIn(string parsing) => known.IsEmpty ? null : UnrepeatableOf(known.Values, parsing);

    /// <summary>All are gone.</summary>
    public void Clear()
    {
        known.Clear();
        clones.Clear();
        untyped.Clear();
    }

    /// <summary>Prepares all on a new connection, each in the database for which it was prepared, the latest last.</summary>
    public async Task PrepareAsync(LogInStream stream, MySqlDialogue dialogue)
    {
        clones.Clear();
        untyped.Clear();
        var database = dialogue.Session.Database;
        foreach (var (number, statement) in known.OrderBy(pair => pair.Key).ToArray())
        {
            if (statement.Sql.Length == 0)
                continue;
            if (statement.Database != database && statement.Database.Length > 0)
                await MySqlLogInAnew.UseAsync(stream, database = statement.Database).ConfigureAwait(false);
            if (await PrepareAsync(stream, statement.Sql, dialogue).ConfigureAwait(false) is not { } clone)
                continue;
            var again = new MySqlStatement(
                statement.Sql, dialogue.Statements[clone].Parameters, statement.Database, statement.Types, statement.Parsing);
            known[number] = dialogue.Statements[clone] = again;
            clones[number] = clone;
            untyped.Add(clone);
        }

        if (database != dialogue.Session.Database && dialogue.Session.Database.Length > 0)
            await MySqlLogInAnew.UseAsync(stream, dialogue.Session.Database).ConfigureAwait(false);
    }

    /// <summary>Both sides have prepared the same.</summary>
    /// <returns>False where the clone's is of a connection before the present one.</returns>
    public bool Pair(uint original, uint clone, MySqlSession session)
    {
        if (!session.Statements.TryGetValue(clone, out var statement))
            return false;
        known[original] = statement;
        clones[original] = clone;
        return true;
    }

    /// <summary>The clone has not prepared what the original has; on its next connection it does.</summary>
    public void Miss(uint original, MySqlStatement statement) => known[original] = statement;

    /// <summary>A statement is closed.</summary>
    /// <param name="request">Which names it as the original does.</param>
    public void Close(ReadOnlySpan<byte> request)
    {
        if (request.Length < BehindNumber)
            return;
        known.TryRemove(NumberIn(request), out _);
        clones.TryRemove(NumberIn(request), out _);
    }

    /// <summary>The text of the statement that a request names; empty where it is not known.</summary>
    public ReadOnlySpan<byte> SqlOf(ReadOnlySpan<byte> request) =>
        request.Length >= BehindNumber && known.TryGetValue(NumberIn(request), out var statement) ? statement.Bytes.Span : [];

    /// <summary>
    /// A request with the clone's number, and with the types of its parameters if the clone was never told; empty where there is none.
    /// </summary>
    public ReadOnlyMemory<byte> Rewrite(ReadOnlyMemory<byte> request)
    {
        var bytes = request.Span;
        if (bytes.Length < BehindNumber)
            return default;
        var number = NumberIn(bytes);
        if (number == MySqlStatement.LastPrepared)
            return request;
        if (!clones.TryGetValue(number, out var clone))
            return default;
        var command = (MySqlCommand)bytes[MySqlPacket.HeaderLength];
        if (command == MySqlCommand.StatementClose)
            Close(bytes);
        var rewritten = request.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(rewritten.AsSpan(NumberAt), clone);
        return command is MySqlCommand.StatementExecute or MySqlCommand.StatementBulkExecute && untyped.Contains(clone)
            ? Typed(rewritten, command, known[number], clone)
            : rewritten;
    }

    private static uint NumberIn(ReadOnlySpan<byte> request) => BinaryPrimitives.ReadUInt32LittleEndian(request[NumberAt..]);

    /// <summary>Many clients send the types with a statement's first execution only, and that was on another connection.</summary>
    private byte[] Typed(byte[] request, MySqlCommand command, MySqlStatement statement, uint clone)
    {
        var isBulk = command == MySqlCommand.StatementBulkExecute;
        var argument = request.AsSpan(BehindNumber);
        if (isBulk ? MySqlStatement.BringsTypesOfMany(argument) : statement.BringsTypes(argument))
        {
            untyped.Remove(clone);
            return request;
        }

        var at = BehindNumber + (isBulk ? MySqlStatement.BulkTypesAt : statement.TypesAt);
        var length = MySqlPacket.PayloadLength(request) + statement.Types.Length;
        // Nowhere was it told either, or there is no room in the packet.
        if (statement.Types.Length == 0 || length >= MySqlPacket.FullPayload || request.Length < at)
            return [];
        untyped.Remove(clone);
        byte[] typed = [.. request[..at], .. statement.Types, .. request[at..]];
        if (isBulk)
            typed[BehindNumber] |= MySqlStatement.BulkSendsTypes;
        else
            typed[at - 1] = 1;
        (typed[0], typed[1], typed[2]) = ((byte)length, (byte)(length >> 8), (byte)(length >> 16));
        return typed;
    }

    private static async Task<uint?> PrepareAsync(LogInStream stream, string sql, MySqlDialogue dialogue)
    {
        byte[] command = [(byte)MySqlCommand.StatementPrepare, .. MySqlText.Bytes(sql)];
        var request = MySqlPacket.Frame(command, 0);
        dialogue.FromClient(request, out _);
        await stream.SendAsync(request).ConfigureAwait(false);
        uint? prepared = null;
        var first = true;
        for (var step = default(ServerStep); !step.Ends; first = false)
        {
            var (payload, sequence) = await MySqlPacket.ReceiveAsync(stream).ConfigureAwait(false);
            if (first && payload is [MySqlPacket.Ok, _, _, _, _, ..])
                prepared = BinaryPrimitives.ReadUInt32LittleEndian(payload.AsSpan(1));
            dialogue.FromServer(MySqlPacket.Frame(payload, sequence), out step);
        }

        return prepared;
    }
}
