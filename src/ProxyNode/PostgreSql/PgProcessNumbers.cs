using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// Numbers of server processes that come back inside a statement, such as <c>pg_terminate_backend(n)</c> (PostgreSQL manual, "Server
/// Signaling Functions"): at the clone the number is another session's. It becomes the clone's own number of the same session; of one that
/// the clone does not have, 0, which names no session.
/// </summary>
internal static class PgProcessNumbers
{
    private const string Prefix = "process ";

    /// <summary>pg_terminate_backend and pg_cancel_backend as FunctionCall names them (catalog/pg_proc.dat).</summary>
    private static readonly int[] Signals = [2096, 2171];

    /// <summary>The two sides' keys of a session, which begin with its process.</summary>
    public static void Pair(ReadOnlySpan<byte> online, ReadOnlySpan<byte> clone, Identities identities) => identities.Pair(
        Prefix + BinaryPrimitives.ReadInt32BigEndian(online).ToString(CultureInfo.InvariantCulture),
        BinaryPrimitives.ReadInt32BigEndian(clone).ToString(CultureInfo.InvariantCulture));

    /// <summary>What the clone calls a session's process; null where it has no such session.</summary>
    public static long? OfClone(long number, Identities identities) =>
        identities.OfClone(Prefix + number.ToString(CultureInfo.InvariantCulture)) is { } known
            ? long.Parse(known, CultureInfo.InvariantCulture)
            : null;

    /// <summary>
    /// Whether a text may name a process, or a transaction, in whatever case it is written; told from its bytes without an allocation.
    /// </summary>
    public static bool MayName(ReadOnlySpan<byte> text) => WordSearch.Contains(text, "pg_"u8, 2) || PgTransactionNumbers.MayName(text);

    /// <summary>Whether a text may name one, a byte a character.</summary>
    public static bool MayName(string text) => text.Contains("pg_", StringComparison.OrdinalIgnoreCase)
        || text.Contains("xmin", StringComparison.OrdinalIgnoreCase);

    /// <summary>A request with the clone's numbers; the same where it names none.</summary>
    /// <param name="request">Whole messages.</param>
    /// <param name="preparedAs">What the clone has prepared under a name, a byte a character; null where nothing.</param>
    /// <param name="mayName">Whether that <see cref="MayName(ReadOnlySpan{byte})"/>.</param>
    /// <param name="identities">What is known.</param>
    /// <returns>It, and whether it can be said: whether every session that it ends is the one that the original's ended.</returns>
    public static (ReadOnlyMemory<byte> Request, PgNaming Naming) Replace(
        ReadOnlyMemory<byte> request, Func<string, string?> preparedAs, Func<string, bool> mayName, Identities identities)
    {
        if (!MayName(request.Span) && !UsesOther(request.Span, mayName))
            return (request, PgNaming.Known);
        using var replaced = new MemoryStream(request.Length);
        var parsed = new Dictionary<string, string>();
        var naming = PgNaming.Known;
        for (var rest = request.Span; rest.Length >= PgMessage.HeaderLength;)
        {
            var message = PgMessage.Next(ref rest);
            var type = (char)message[0];
            var body = message[PgMessage.HeaderLength..];
            var (next, how) = ((byte[]?)null, PgNaming.Known);
            switch (type)
            {
                case 'Q':
                    (next, how) = InText(body, 0, preparedAs, identities);
                    break;
                case 'P' when body.IndexOf((byte)0) >= 0:
                    (next, how) = InText(body, body.IndexOf((byte)0) + 1, preparedAs, identities);
                    parsed[NameIn(body)] = next is null ? PgStatements.SqlOf(body) : PgStatements.SqlOf(next);
                    // One with a name is judged when it is executed.
                    how = body[0] == 0 ? how : PgNaming.Known;
                    break;
                case 'B':
                    (next, how) = InParameters(body, name => parsed.GetValueOrDefault(name) ?? preparedAs(name), identities);
                    break;
                case 'F':
                    (next, how) = InCall(body, identities);
                    break;
            }

            replaced.Write(next is null ? message : PgMessage.Frame(type, next));
            naming = how > naming ? how : naming;
        }

        return (replaced.ToArray(), naming);
    }

    /// <summary>
    /// Whether a request is one statement, with nothing that another one needs: then it may be left out without an effect on the rest.
    /// </summary>
    public static bool IsAlone(ReadOnlySpan<byte> request)
    {
        var executed = 0;
        while (request.Length >= PgMessage.HeaderLength)
        {
            var message = PgMessage.Next(ref request);
            switch ((char)message[0])
            {
                case 'Q':
                    return PgSql.Split(Encoding.Latin1.GetString(BodyOf(message))).Count == 1;
                case 'F':
                    return true;
                case 'P' when message.Length > PgMessage.HeaderLength && message[PgMessage.HeaderLength] != 0:
                    return false;
                case 'E':
                    executed++;
                    break;
            }
        }

        return executed == 1;
    }

    private static ReadOnlySpan<byte> BodyOf(ReadOnlySpan<byte> message)
    {
        var body = message[PgMessage.HeaderLength..];
        var end = body.IndexOf((byte)0);
        return end < 0 ? body : body[..end];
    }

    /// <summary>Whether a request executes what was prepared before, and that names a process; or calls a function by its number.</summary>
    private static bool UsesOther(ReadOnlySpan<byte> request, Func<string, bool> mayName)
    {
        while (request.Length >= PgMessage.HeaderLength)
        {
            var message = PgMessage.Next(ref request);
            var type = (char)message[0];
            if (type == 'F')
                return true;
            if (type == 'Q' && WordSearch.Contains(BodyOf(message), "execute"u8, 1))
                return true;
            if (type == 'B' && mayName(StatementIn(message[PgMessage.HeaderLength..])))
                return true;
        }

        return false;
    }

    private static string NameIn(ReadOnlySpan<byte> body)
    {
        var at = 0;
        return PgMessage.ReadText(body, ref at);
    }

    /// <summary>The statement that a portal is made of.</summary>
    private static string StatementIn(ReadOnlySpan<byte> body)
    {
        var at = 0;
        PgMessage.ReadText(body, ref at);
        return PgMessage.ReadText(body, ref at);
    }

    private static (byte[]? Body, PgNaming Naming) InText(
        ReadOnlySpan<byte> body, int from, Func<string, string?> preparedAs, Identities identities)
    {
        var length = body[from..].IndexOf((byte)0);
        var end = length < 0 ? body.Length : from + length;
        // A byte a character, whatever characters the session's are: what is not replaced stays as it is.
        var sql = Encoding.Latin1.GetString(body[from..end]);
        var names = PgProcessNames.In(sql, preparedAs, identities);
        if (names.Numbers.Count == 0)
            return (null, names.Naming);
        var (replaced, copied) = (new StringBuilder(sql.Length), 0);
        foreach (var (place, number) in names.Numbers.OrderBy(number => number.Key.Start))
        {
            replaced.Append(sql, copied, place.Start - copied).Append(number);
            copied = place.End;
        }

        replaced.Append(sql, copied, sql.Length - copied);
        return ([.. body[..from], .. Encoding.Latin1.GetBytes(replaced.ToString()), .. body[end..]], names.Naming);
    }

    private static (byte[]? Body, PgNaming Naming) InParameters(
        ReadOnlySpan<byte> body, Func<string, string?> preparedAs, Identities identities)
    {
        var at = 0;
        PgMessage.ReadText(body, ref at);
        var name = PgMessage.ReadText(body, ref at);
        if (preparedAs(name) is not { } sql || !MayName(sql))
            return (null, PgNaming.Known);
        // Numbers in it are the clone's already.
        var names = PgProcessNames.In(sql, preparedAs, identities);
        var naming = names.IsObscure ? PgNaming.Unreadable : PgNaming.Known;
        if (names.Parameters.Count + names.Transactions.Count == 0)
            return (null, naming);
        PgBind bound;
        try
        {
            bound = PgBind.Parse(body, at);
        }
        catch (ArgumentOutOfRangeException)
        {
            // Cut off: the server refuses it.
            return (null, naming);
        }

        foreach (var (place, mayBeNobody) in names.Parameters)
        {
            if (place > bound.Values.Count || bound.Values[place - 1] is not { } value)
                continue;
            bound.Values[place - 1] = PgProcessValue.Replace(value, bound.IsBinary(place - 1), identities, out var how);
            how = how == PgNaming.Nobody && !mayBeNobody ? PgNaming.Unreadable : how;
            naming = names.Signals && how > naming ? how : naming;
        }

        foreach (var place in names.Transactions)
        {
            if (place <= bound.Values.Count && bound.Values[place - 1] is { } value)
                bound.Values[place - 1] = PgTransactionNumbers.Replace(value, bound.IsBinary(place - 1), identities);
        }

        return (bound.ToBody(body[..at]), naming);
    }

    /// <summary>A FunctionCall has the function's number, and then what a Bind has.</summary>
    private static (byte[]? Body, PgNaming Naming) InCall(ReadOnlySpan<byte> body, Identities identities)
    {
        if (body.Length < sizeof(int) || !Signals.Contains(BinaryPrimitives.ReadInt32BigEndian(body)))
            return (null, PgNaming.Known);
        var call = PgBind.Parse(body, sizeof(int));
        if (call.Values is not [{ } value, ..])
            return (null, PgNaming.Known);
        call.Values[0] = PgProcessValue.Replace(value, call.IsBinary(0), identities, out var how);
        return (call.ToBody(body[..sizeof(int)]), how);
    }
}
