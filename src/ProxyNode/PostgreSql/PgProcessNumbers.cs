using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// Numbers of server processes that come back inside a statement, such as <c>pg_terminate_backend(n)</c> (PostgreSQL manual, "Server
/// Signaling Functions"): at the clone the number is another session's. It becomes the clone's own number of the same session; of one that
/// the clone does not have, 0, which names no session.
/// </summary>
internal static partial class PgProcessNumbers
{
    private const string Prefix = "process ";

    /// <summary>The two sides' keys of a session, which begin with its process.</summary>
    public static void Pair(ReadOnlySpan<byte> online, ReadOnlySpan<byte> clone, Identities identities) => identities.Pair(
        Prefix + BinaryPrimitives.ReadInt32BigEndian(online).ToString(CultureInfo.InvariantCulture),
        BinaryPrimitives.ReadInt32BigEndian(clone).ToString(CultureInfo.InvariantCulture));

    /// <summary>A request with the clone's numbers; the same where it names none.</summary>
    /// <param name="request">Whole messages.</param>
    /// <param name="dialogue">Of the clone's connection, for statements that were prepared before.</param>
    /// <param name="identities">What is known.</param>
    public static ReadOnlyMemory<byte> Replace(ReadOnlyMemory<byte> request, PgDialogue? dialogue, Identities identities)
    {
        if (request.Span.IndexOf("backend"u8) < 0 && request.Span.IndexOf("pid"u8) < 0 && !UsesPrepared(request.Span, dialogue))
            return request;
        using var replaced = new MemoryStream(request.Length);
        var parsed = new Dictionary<string, string>();
        for (var rest = request.Span; rest.Length >= PgMessage.HeaderLength;)
        {
            var length = (int)Math.Min(PgMessage.LengthOf(rest), rest.Length);
            var type = (char)rest[0];
            var body = rest[PgMessage.HeaderLength..length];
            if (type == 'P')
                Remember(body, parsed);
            replaced.Write(type switch
            {
                'Q' => InText(type, body, 0, identities),
                'P' => InText(type, body, body.IndexOf((byte)0) + 1, identities),
                'B' => InParameters(body, parsed, dialogue, identities) is { } bound ? PgMessage.Frame(type, bound) : rest[..length],
                _ => rest[..length],
            });
            rest = rest[length..];
        }

        return replaced.ToArray();
    }

    private static bool UsesPrepared(ReadOnlySpan<byte> request, PgDialogue? dialogue)
    {
        if (dialogue is null || dialogue.Statements.Count == 0 || request.IsEmpty || request[0] != 'B')
            return false;
        var at = PgMessage.HeaderLength;
        PgMessage.ReadText(request, ref at);
        return dialogue.Statements.TryGetValue(PgMessage.ReadText(request, ref at), out var body)
            && body.AsSpan().IndexOf("backend"u8) >= 0;
    }

    private static void Remember(ReadOnlySpan<byte> body, Dictionary<string, string> parsed)
    {
        var at = 0;
        var name = PgMessage.ReadText(body, ref at);
        parsed[name] = PgMessage.ReadText(body, ref at);
    }

    private static byte[] InText(char type, ReadOnlySpan<byte> body, int from, Identities identities)
    {
        var end = from + Math.Max(body[from..].IndexOf((byte)0), 0);
        var sql = Encoding.UTF8.GetString(body[from..end]);
        var replaced = Calls().Replace(sql, match => match.Groups[1].Value + OfClone(match.Groups[2].Value, identities, "0"));
        // Elsewhere a column of that name is the application's own.
        if (Activity().IsMatch(sql))
        {
            replaced = Equals().Replace(
                replaced, match => match.Groups[1].Value + OfClone(match.Groups[2].Value, identities, match.Groups[2].Value));
        }

        return PgMessage.Frame(type, [.. body[..from], .. Encoding.UTF8.GetBytes(replaced), .. body[end..]]);
    }

    /// <summary>The body of a Bind message with the clone's numbers; null where it names none.</summary>
    private static byte[]? InParameters(
        ReadOnlySpan<byte> body, Dictionary<string, string> parsed, PgDialogue? dialogue, Identities identities)
    {
        var at = 0;
        PgMessage.ReadText(body, ref at);
        var name = PgMessage.ReadText(body, ref at);
        var sql = parsed.TryGetValue(name, out var known) ? known : TextOf(name, dialogue);
        var places = Parameters().Matches(sql).Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).ToHashSet();
        if (places.Count == 0)
            return null;
        var bound = PgBind.Parse(body, at);
        foreach (var place in places.Where(place => place <= bound.Values.Count && bound.Values[place - 1] is not null))
        {
            var value = bound.Values[place - 1]!;
            var isBinary = bound.IsBinary(place - 1);
            if (isBinary && value.Length != sizeof(int))
                continue;
            var number = isBinary
                ? BinaryPrimitives.ReadInt32BigEndian(value).ToString(CultureInfo.InvariantCulture)
                : Encoding.ASCII.GetString(value);
            var clones = OfClone(number, identities, "0");
            if (isBinary)
                BinaryPrimitives.WriteInt32BigEndian(value, int.Parse(clones, CultureInfo.InvariantCulture));
            else
                bound.Values[place - 1] = Encoding.ASCII.GetBytes(clones);
        }

        return bound.ToBody(body[..at]);
    }

    private static string TextOf(string name, PgDialogue? dialogue)
    {
        if (dialogue is null || !dialogue.Statements.TryGetValue(name, out var body))
            return "";
        var at = 0;
        PgMessage.ReadText(body, ref at);
        return PgMessage.ReadText(body, ref at);
    }

    private static string OfClone(string number, Identities identities, string unknown) =>
        identities.OfClone(Prefix + number) ?? unknown;

    [GeneratedRegex(
        @"\b(pg_(?:terminate_backend|cancel_backend|log_backend_memory_contexts|blocking_pids"
        + @"|safe_snapshot_blocking_pids|stat_get_activity)"
        + @"\s*\(\s*(?:pid\s*(?:=>|:=)\s*)?'?)([0-9]+)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Calls();

    [GeneratedRegex(@"\bpg_(?:stat_|locks\b)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Activity();

    [GeneratedRegex(@"(\bpid\s*=\s*'?)([0-9]+)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Equals();

    [GeneratedRegex(
        @"\bpg_(?:terminate_backend|cancel_backend|log_backend_memory_contexts|blocking_pids"
        + @"|safe_snapshot_blocking_pids|stat_get_activity)"
        + @"\s*\(\s*(?:pid\s*(?:=>|:=)\s*)?\$([0-9]{1,5})",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Parameters();
}
