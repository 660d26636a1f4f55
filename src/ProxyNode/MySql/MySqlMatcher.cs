using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Sockets;
using JustRunIt.ProxyNode.Sql;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// Commands to a MySQL server. A prepared statement is known by its text and the database for which it was prepared, since its number is
/// chance; so is which pooled connection serves a request. Whoever asks, where, and what the session has set is a part of each key.
/// </summary>
internal sealed partial class MySqlMatcher(WildcardRules rules) : Matcher
{
    /// <summary>Longest parameter sent in pieces in which values are looked for; of a longer one its hash is compared.</summary>
    private const int LongestPieces = 64 * 1024;

    private const int NotOnRecord = 1105;
    private const string Prepare = "prepare";

    /// <summary>ER_NOT_ALLOWED_COMMAND, which clients know as the answer of a server without local files.</summary>
    private const int NoLocalFiles = 1148;

    /// <summary>Where a prepare's reply has the number of parameters.</summary>
    private const int ParametersAt = MySqlPacket.HeaderLength + 7;

    private readonly Dictionary<uint, MySqlStatement> statements = [];
    private readonly SortedDictionary<(uint Statement, ushort Parameter), Pieces> pieces = [];
    private readonly Dictionary<uint, Cursor> cursors = [];
    private readonly KeyContext commonContext = new(rules.Sql);
    private readonly KeyContext readingContext = new(rules.Sql);
    private MySqlStatement lastPrepared = new("", 0, "");
    private uint lastNumber;
    private string whole = "";
    private string common = "";
    private bool quotesNames;
    private MySqlDialogue? online;
    private uint issued;

    /// <inheritdoc />
    public override void Follow(Dialogue dialogue) => online = dialogue as MySqlDialogue;

    /// <inheritdoc />
    public override bool Lasts(int kind) => kind == (int)MySqlCommand.StatementPrepare;

    /// <inheritdoc />
    public override RequestKeys? KeysOf(ReadOnlySpan<byte> request)
    {
        if (isRefused)
            throw new ProtocolException("COM_CHANGE_USER was refused");
        var payload = Join(request);
        var command = (MySqlCommand)payload[0];
        var argument = payload.AsSpan(1);
        var number = argument.Length >= 4 ? BinaryPrimitives.ReadUInt32LittleEndian(argument) : 0;
        if (number == MySqlStatement.LastPrepared && lastNumber > 0)
            number = lastNumber;
        switch (command)
        {
            case MySqlCommand.Query when MySqlWords.LoadsLocalFile(argument):
                return null;
            case MySqlCommand.Query:
                return Keys("query", LosslessText.Of(argument));
            case MySqlCommand.StatementPrepare:
                lastPrepared = new MySqlStatement(
                    LosslessText.Of(argument), 0, MySqlSession.DatabaseIn(Context), parsing: MySqlSession.ParsingIn(Context));
                return Keys(Prepare, lastPrepared.Sql) with { IsLasting = true };
            case MySqlCommand.StatementExecute or MySqlCommand.StatementBulkExecute when argument.Length > 4:
                return ExecuteKeys(command, number, argument[4..]);
            case MySqlCommand.StatementFetch when argument.Length >= 8:
                return FetchKeys(number, BinaryPrimitives.ReadUInt32LittleEndian(argument[4..]));
            case MySqlCommand.StatementSendLongData when argument.Length >= 6:
                Add(number, BinaryPrimitives.ReadUInt16LittleEndian(argument[4..]), argument[6..]);
                return null;
            case MySqlCommand.StatementReset:
                Forget(number);
                cursors.Remove(number);
                return null;
            case MySqlCommand.StatementClose:
                Forget(number);
                cursors.Remove(number);
                statements.Remove(number);
                return null;
            case MySqlCommand.ResetConnection or MySqlCommand.ChangeUser:
                statements.Clear();
                pieces.Clear();
                cursors.Clear();
                return null;
            case MySqlCommand.Ping or MySqlCommand.SetOption or MySqlCommand.InitDb or MySqlCommand.Quit
                or MySqlCommand.StatementSendLongData:
                return null;
            default:
                return Keys(command.ToString(), Encoding.Latin1.GetString(argument));
        }
    }

    /// <inheritdoc />
    public override RequestText TextOf(ReadOnlySpan<byte> request)
    {
        if (request.Length <= MySqlPacket.HeaderLength)
            return new RequestText("");
        // Only the beginning of a request may be here: its packets are not joined.
        var argument = request[(MySqlPacket.HeaderLength + 1)..];
        return (MySqlCommand)request[MySqlPacket.HeaderLength] switch
        {
            MySqlCommand.Query or MySqlCommand.StatementPrepare => OfSql(Encoding.UTF8.GetString(argument)),
            // A statement's number is chance; both are of the same kind, and so of the same text.
            MySqlCommand.StatementExecute or MySqlCommand.StatementBulkExecute or MySqlCommand.StatementFetch when argument.Length >= 4 =>
                RequestText.OfValues(TextDifference.Shown(Encoding.Latin1.GetString(argument[4..]))),
            var command => RequestText.Join(
                new RequestText($"{command} "), RequestText.OfValues(Encoding.Latin1.GetString(argument))),
        };

        static RequestText OfSql(string sql) => new(sql, SqlOutline.ValuesIn(sql));
    }

    /// <inheritdoc />
    public override string StatementOf(ReadOnlySpan<byte> request) =>
        request.Length >= MySqlPacket.HeaderLength + 5
        && (MySqlCommand)request[MySqlPacket.HeaderLength] is MySqlCommand.StatementExecute or MySqlCommand.StatementBulkExecute
            or MySqlCommand.StatementFetch
            ? SqlOutline.Of(
                MySqlText.Shown(StatementOf(BinaryPrimitives.ReadUInt32LittleEndian(request[(MySqlPacket.HeaderLength + 1)..])).Sql))
            : "";

    /// <inheritdoc />
    public override ReadOnlySpan<byte> Keep(ReadOnlySpan<byte> request, ReadOnlySpan<byte> reply)
    {
        if (IsPrepared(request, reply))
            statements[lastNumber = BinaryPrimitives.ReadUInt32LittleEndian(reply[5..])] = LastPreparedOf(reply);
        return reply;
    }

    /// <summary>With a number of this connection's own for a statement that it prepares.</summary>
    public override ReadOnlyMemory<byte> Adapt(ReadOnlySpan<byte> request, byte[] reply)
    {
        if (!IsPrepared(request, reply))
            return reply;
        var adapted = reply.ToArray();
        statements[lastNumber = ++issued] = LastPreparedOf(reply);
        BinaryPrimitives.WriteUInt32LittleEndian(adapted.AsSpan(5), issued);
        return adapted;
    }

    /// <summary>
    /// Who wants to be somebody else is asked what that one was asked on-line; what needs a file of the client's gets an error; the rest
    /// is done.
    /// </summary>
    public override ReadOnlyMemory<byte> Local(ReadOnlySpan<byte> request)
    {
        var command = (MySqlCommand)request[MySqlPacket.HeaderLength];
        if (command == MySqlCommand.Query)
            return MySqlPacket.ErrorPacket(1, NoLocalFiles, "42000", "LOAD DATA LOCAL is not on record: the file is the client's");
        if (command != MySqlCommand.ChangeUser || clone?.Login is not { } login || logIns is null)
            return MySqlPacket.OkPacket(1);
        isChanging = true;
        var user = login.Change(request[(MySqlPacket.HeaderLength + 1)..]).User;
        return MySqlPacket.Frame(QuestionFor(user, logIns, out wanted), 1);
    }

    /// <summary>
    /// A connection's settings (SET) are accepted: a stand-in has none, and the on-line server may have made its own long ago.
    /// </summary>
    public override ReadOnlyMemory<byte> Missing(ReadOnlySpan<byte> request) => SetsSomething(request)
        ? MySqlPacket.OkPacket(1)
        : MySqlPacket.ErrorPacket(1, NotOnRecord, "HY000", "No reply to such a command is on record");

    /// <summary>The command's payload, packets joined.</summary>
    public static byte[] Join(ReadOnlySpan<byte> request)
    {
        var joined = new MemoryStream(request.Length);
        while (!request.IsEmpty)
        {
            var length = MySqlPacket.PayloadLength(request);
            joined.Write(request.Slice(MySqlPacket.HeaderLength, length));
            request = request[(MySqlPacket.HeaderLength + length)..];
        }

        return joined.ToArray();
    }

    /// <summary>Whether a request is one statement that sets something, and brings no rows.</summary>
    private static bool SetsSomething(ReadOnlySpan<byte> request)
    {
        if (request.Length <= MySqlPacket.HeaderLength || request[MySqlPacket.HeaderLength] != (byte)MySqlCommand.Query)
            return false;
        var sql = request[(MySqlPacket.HeaderLength + 1)..];
        if (!Ascii.EqualsIgnoreCase(MySqlWords.FirstWord(sql), "SET"u8) || MySqlWords.IsSeveral(sql))
            return false;
        return !Ascii.EqualsIgnoreCase(MySqlWords.SecondWord(sql), "STATEMENT"u8);
    }

    private static bool IsPrepared(ReadOnlySpan<byte> request, ReadOnlySpan<byte> reply) =>
        request.Length > MySqlPacket.HeaderLength && request[MySqlPacket.HeaderLength] == (byte)MySqlCommand.StatementPrepare
        && reply.Length >= MySqlPacket.HeaderLength + 12 && reply[MySqlPacket.HeaderLength] == MySqlPacket.Ok;

    private MySqlStatement LastPreparedOf(ReadOnlySpan<byte> reply) => lastPrepared = new MySqlStatement(
        lastPrepared.Sql, BinaryPrimitives.ReadUInt16LittleEndian(reply[ParametersAt..]), lastPrepared.Database,
        parsing: lastPrepared.Parsing);

    private MySqlStatement StatementOf(uint number) =>
        number == MySqlStatement.LastPrepared ? lastPrepared
        : statements.TryGetValue(number, out var statement) ? statement
        : online?.Statements.GetValueOrDefault(number)?.Copy() is { } followed ? statements[number] = followed
        : new MySqlStatement("", 0, "");

    /// <summary>A piece of a parameter: where one ends and the next begins is chance.</summary>
    private void Add(uint statement, ushort parameter, ReadOnlySpan<byte> piece)
    {
        if (!pieces.TryGetValue((statement, parameter), out var sent))
            pieces[(statement, parameter)] = sent = new Pieces(LongestPieces);
        sent.Append(piece);
    }

    private void Forget(uint statement)
    {
        foreach (var sent in pieces.Keys.Where(sent => sent.Statement == statement).ToArray())
            pieces.Remove(sent);
    }

    private RequestKeys ExecuteKeys(MySqlCommand command, uint number, ReadOnlySpan<byte> argument)
    {
        var statement = StatementOf(number);
        var isMany = command == MySqlCommand.StatementBulkExecute;
        if (isMany)
            statement.BindMany(argument);
        else
            statement.Bind(argument);
        var text = (isMany
                ? MySqlParameters.ReadMany(statement, argument)
                : MySqlParameters.Read(statement, argument, parameter => pieces.ContainsKey((number, (ushort)parameter))))
            ?? Encoding.Latin1.GetString(argument);
        foreach (var (sent, data) in pieces)
        {
            if (sent.Statement == number)
                text += $"{MySqlText.Separator}{sent.Parameter}:{data}";
        }

        Forget(number);
        // Ranges of bytes are those of the message.
        var raw = rules.ByteRanges.Count > 0 ? RequestKeys.Replace(Encoding.Latin1.GetString(argument), rules.ByteRanges) : null;
        var keys = Keys($"{command} {statement.Database}\0{statement.Parsing}", statement.Sql, text, raw);
        cursors.Remove(number);
        // Its first byte says whether rows are fetched later (CURSOR_TYPE_READ_ONLY and its kin).
        if (!isMany && argument[0] != 0)
            cursors[number] = new Cursor(keys, 0);
        return keys;
    }

    /// <summary>Rows of a cursor are those of the execution that has opened it, behind those that were fetched before.</summary>
    private RequestKeys FetchKeys(uint number, uint rows)
    {
        if (!cursors.TryGetValue(number, out var cursor))
        {
            // Opened before anything was recorded.
            var named = StatementOf(number);
            return Keys(
                $"{MySqlCommand.StatementFetch} {named.Database}\0{named.Parsing}", named.Sql, rows.ToString(CultureInfo.InvariantCulture));
        }

        cursors[number] = cursor with { Fetched = cursor.Fetched + rows };
        var part = string.Create(CultureInfo.InvariantCulture, $"{rows} rows behind {cursor.Fetched} of ");
        return new RequestKeys(Of(cursor.Opened.Exact), Of(cursor.Opened.Wildcard), Of(cursor.Opened.Equivalent));

        UInt128 Of(UInt128 opened) => RequestKeys.Hash(part, opened.ToString("x32", CultureInfo.InvariantCulture));
    }

    private RequestKeys Keys(string kind, string sql, string parameters = "", string? replaced = null)
    {
        List<string>? values = null;
        var context = ContextFor(kind, sql);
        var text = WildcardRules.Forms(sql, rules.Sql, Names, ref values);
        var sent = WildcardRules.Forms(parameters, rules.Sql, Names, ref values);
        return new RequestKeys(
            RequestKeys.Hash(kind, context.Exact, text.Translated, sent.Translated),
            RequestKeys.Hash(
                kind,
                context.Wildcard,
                text.Replaced,
                replaced is null ? sent.Replaced : WildcardRules.Replace(replaced, rules.Sql)),
            RequestKeys.Hash(kind, context.Equivalent, SqlText.WithoutLiterals(sql, quotesValues: !quotesNames)))
        {
            Values = values,
        };
    }

    /// <summary>What besides a statement's text decides what it means.</summary>
    private (string Exact, string Wildcard, string Equivalent) ContextFor(string kind, string sql)
    {
        if (!ReferenceEquals(whole, Context))
        {
            whole = Context;
            common = MySqlSession.CommonIn(whole);
            quotesNames = MySqlSession.QuotesNamesIn(whole);
        }

        var ofAll = commonContext.Of(common, Names);
        // What a statement reads, it reads when it is executed.
        var read = kind == Prepare ? common : MySqlSession.ForStatement(whole, common, sql);
        if (ReferenceEquals(read, common))
            return ofAll;
        // What is nearest has other values anyway.
        var ofReading = readingContext.Of(read, Names);
        return (ofReading.Exact, ofReading.Wildcard, ofAll.Equivalent);
    }

    /// <summary>A cursor that is open.</summary>
    /// <param name="Opened">Keys of the execution that has opened it.</param>
    /// <param name="Fetched">How many rows were asked for since.</param>
    private readonly record struct Cursor(RequestKeys Opened, long Fetched);

    /// <summary>A parameter sent in pieces.</summary>
    /// <param name="longest">Up to how many bytes it is kept as it is.</param>
    private sealed class Pieces(int longest)
    {
        private readonly XxHash128 hash = new();
        private readonly ArrayBufferWriter<byte> kept = new();

        /// <summary>The next piece.</summary>
        public void Append(ReadOnlySpan<byte> piece)
        {
            hash.Append(piece);
            kept.Write(piece[..Math.Clamp(longest + 1 - kept.WrittenCount, 0, piece.Length)]);
        }

        /// <summary>The text, or its hash.</summary>
        public override string ToString() =>
            kept.WrittenCount <= longest ? LosslessText.Of(kept.WrittenSpan) : "#" + Convert.ToHexString(hash.GetCurrentHash());
    }
}
