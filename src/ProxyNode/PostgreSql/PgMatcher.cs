using System.Text;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Sockets;
using JustRunIt.ProxyNode.Sql;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// Requests to a PostgreSQL server. A named statement is known by its text, and a portal by its statement's and its parameters: names are
/// the driver's counters, and which pooled connection serves a request is chance.
/// </summary>
internal sealed class PgMatcher(WildcardRules rules) : Matcher
{
    private readonly Dictionary<string, string> statements = [];
    private readonly PgSqlPrepared prepared = new();
    private readonly Dictionary<string, Portal> portals = [];
    private readonly KeyContext context = new(rules.Sql);
    private readonly PgParts parts = new();
    private PgDialogue? online;

    /// <summary>The last text whose kind was asked for: a Parse and its Bind have the same, and so has every later Bind.</summary>
    private (string Sql, bool Escapes, string Kind) last = ("", false, "");

    /// <summary>What earlier parts of the same request may have set.</summary>
    private string told = "";

    /// <summary>Whether a backslash escapes in any text of the session.</summary>
    private bool Escapes => Context.Contains("standard_conforming_strings=off", StringComparison.Ordinal);

    /// <summary>A clone prepares its statements anew, however long ago the original did.</summary>
    public override bool Lasts(int kind) => kind == PgDialogue.Preparing;

    /// <inheritdoc />
    public override void Follow(Dialogue dialogue) => online = dialogue as PgDialogue;

    /// <inheritdoc />
    public override RequestKeys? KeysOf(ReadOnlySpan<byte> request)
    {
        var (exact, wildcard, equivalent) = (new StringBuilder(), new StringBuilder(), new StringBuilder());
        List<string>? values = null;
        HashSet<string>? bound = null;
        StringBuilder? tells = null;
        var type = PgParts.LastType(request);
        var (isPart, isLasting, escapes) = (type == 'H', false, Escapes);
        var isEnd = type == 'S' || (!request.IsEmpty && request[0] is (byte)'Q' or (byte)'F');
        // A request to cancel has no type; what it cancels was recorded as it ended.
        while (request.Length >= PgMessage.HeaderLength && request[0] != 0)
        {
            var message = PgMessage.Next(ref request);
            Add((char)message[0], message[PgMessage.HeaderLength..]);
        }

        var before = told;
        told = isEnd ? "" : tells is null ? told : told + tells;
        if (exact.Length == 0)
            return null;
        var of = context.Of(Context, Names);
        return new RequestKeys(
            RequestKeys.Hash(of.Exact, before, exact.ToString()),
            RequestKeys.Hash(of.Wildcard, WildcardRules.Replace(before, rules.Sql), wildcard.ToString()),
            RequestKeys.Hash(of.Equivalent, PgOutline.KindOf(before, escapes), equivalent.ToString()))
        {
            Values = values,
            IsLasting = isLasting,
        };

        void Add(char type, ReadOnlySpan<byte> body)
        {
            if (type == 'X')
                return;
            var part = Take(type, body, ref bound);
            isLasting = type switch
            {
                'P' => isLasting || exact.Length == 0,
                'Q' => Ascii.EqualsIgnoreCase(PgText.VerbOf(body), "PREPARE"u8),
                'D' or 'C' or 'H' or 'S' => isLasting,
                _ => false,
            };
            if (isPart && type == 'B' && PgText.MayMatter(Encoding.UTF8.GetBytes(part.Sql)))
                (tells ??= new StringBuilder()).Append(part.Sql).Append('\0').Append(part.Other);
            var sql = WildcardRules.Forms(part.Sql, rules.Sql, Names, ref values);
            var other = WildcardRules.Forms(part.Other, rules.Sql, Names, ref values);
            exact.Append(type).Append(sql.Translated).Append('\0').Append(other.Translated);
            wildcard.Append(type).Append(sql.Replaced).Append('\0')
                .Append(part.Masked == part.Other ? other.Replaced : WildcardRules.Replace(part.Masked, rules.Sql));
            equivalent.Append(type).Append(KindOf(part.Sql, escapes));
        }
    }

    private string KindOf(string sql, bool escapes)
    {
        if (!ReferenceEquals(sql, last.Sql) || escapes != last.Escapes)
            last = (sql, escapes, PgOutline.KindOf(sql, escapes));
        return last.Kind;
    }

    /// <inheritdoc />
    public override string StatementOf(ReadOnlySpan<byte> request)
    {
        while (request.Length >= PgMessage.HeaderLength && request[0] != 0)
        {
            var message = PgMessage.Next(ref request);
            if (message[0] != 'B')
                continue;
            var body = message[PgMessage.HeaderLength..];
            var at = 0;
            PgMessage.ReadText(body, ref at);
            return PgOutline.Of(TextOf(PgMessage.ReadText(body, ref at)));
        }

        return "";
    }

    /// <inheritdoc />
    public override RequestText TextOf(ReadOnlySpan<byte> request)
    {
        List<RequestText> parts = [];
        while (request.Length >= PgMessage.HeaderLength && request[0] != 0)
        {
            var message = PgMessage.Next(ref request);
            var body = message[PgMessage.HeaderLength..];
            var at = 0;
            switch ((char)message[0])
            {
                case 'Q':
                    Add(LosslessText.Of(body.TrimEnd((byte)0)));
                    break;
                case 'P':
                    PgMessage.ReadText(body, ref at);
                    Add(PgMessage.ReadText(body, ref at));
                    break;
                case 'B':
                    // Names are the driver's counters.
                    PgMessage.ReadText(body, ref at);
                    PgMessage.ReadText(body, ref at);
                    parts.Add(RequestText.OfValues(TextDifference.Shown(Latin(body[at..]))));
                    parts.Add(new RequestText("\n"));
                    break;
            }
        }

        return RequestText.Join(parts);

        void Add(string sql)
        {
            var shown = PgText.Shown(sql) + "\n";
            parts.Add(new RequestText(shown, PgOutline.ValuesIn(shown)));
        }
    }

    /// <inheritdoc />
    public override bool HasParts => true;

    /// <inheritdoc />
    public override IReadOnlyList<RecordedPart>? PartsOf(ReadOnlySpan<byte> request, ReadOnlySpan<byte> reply)
    {
        // What an error broke off has told nothing to the next.
        told = "";
        return PgParts.Split(request, reply);
    }

    /// <inheritdoc />
    public override bool EndsPart(Dialogue dialogue) => dialogue is PgDialogue { IsAtFlush: true };

    /// <summary>A copy whose data the server refuses.</summary>
    public override bool MayBreakOff(Dialogue dialogue) => dialogue is PgDialogue { IsInCopy: true };

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Adapt(ReadOnlySpan<byte> request, byte[] reply) => parts.Answered(reply);

    /// <summary>What comes after an error up to a Sync is dropped, as by a server.</summary>
    public override ReadOnlyMemory<byte>? Dropped(ReadOnlySpan<byte> request)
    {
        var dropped = parts.Dropped(request);
        if (dropped is not null && PgParts.EndsWith(request, 'S'))
            told = "";
        return dropped;
    }

    /// <summary>A setting of a clone's session that was never recorded is accepted; anything else is an error.</summary>
    public override ReadOnlyMemory<byte> Missing(ReadOnlySpan<byte> request) =>
        parts.Accepted(request, Escapes) is { } accepted ? parts.Answered(accepted) : parts.Missing(request);

    /// <inheritdoc />
    public override Task<bool> GreetAsync(LoopSocket clone, Dialogue dialogue, Record record) =>
        PgGreeting.GreetAsync(clone, (PgDialogue)dialogue, record);

    /// <summary>A message's SQL, where it has or names one, and the rest of it as Latin-1.</summary>
    private Text Take(char type, ReadOnlySpan<byte> body, ref HashSet<string>? bound)
    {
        var at = 0;
        switch (type)
        {
            case 'Q':
                return new Text(WithMeaning(body, PgMessage.ReadText(body, ref at)), "");
            case 'P':
                var name = PgMessage.ReadText(body, ref at);
                var sql = WithMeaning(body, PgMessage.ReadText(body, ref at));
                statements[name] = sql;
                return new Text(sql, Latin(body[at..]));
            case 'B':
                var portal = PgMessage.ReadText(body, ref at);
                var parameters = Parameters(TextOf(PgMessage.ReadText(body, ref at)), body, at);
                portals[portal] = new Portal(parameters);
                (bound ??= []).Add(portal);
                return parameters;
            case 'D' or 'C' when body is [(byte)'S', ..]:
                at = 1;
                return new Text(TextOf(PgMessage.ReadText(body, ref at)), "");
            case 'D' or 'C' when body is [(byte)'P', ..]:
                at = 1;
                return TextOf(PgMessage.ReadText(body, ref at), "", isExecute: false, bound);
            case 'E' when body.Length > sizeof(int):
                var executed = PgMessage.ReadText(body, ref at);
                return TextOf(executed, Latin(body[^sizeof(int)..]), isExecute: true, bound);
            case 'D' or 'C' or 'E':
                return new Text("", "");
            default:
                return new Text("", Latin(body));
        }
    }

    /// <summary>What a portal from an earlier request is of, and how often rows of it were asked for before.</summary>
    private Text TextOf(string portal, string other, bool isExecute, HashSet<string>? bound)
    {
        if (!portals.TryGetValue(portal, out var known))
            return new Text("", other);
        var before = known.Executed;
        if (isExecute)
            known.Executed++;
        return bound?.Contains(portal) == true && before == 0
            ? new Text("", other)
            : new Text(known.Bound.Sql, $"{known.Bound.Other}\0{before}\0{other}", $"{known.Bound.Masked}\0{before}\0{other}");
    }

    /// <summary>
    /// Parameters without their lengths where they are texts: what a wildcard stands for may be shorter on one side. A NUL, which no
    /// text holds, ends each.
    /// </summary>
    private Text Parameters(string sql, ReadOnlySpan<byte> body, int from)
    {
        var raw = Latin(body[from..]);
        PgBind bind;
        try
        {
            bind = PgBind.Parse(body, from);
        }
        catch (ArgumentOutOfRangeException)
        {
            // Cut off: it is compared as it is.
            return new Text(sql, raw, RequestKeys.Replace(raw, rules.ByteRanges));
        }

        var masked = rules.ByteRanges.Count == 0 ? raw : RequestKeys.Replace(raw, rules.ByteRanges);
        var (exact, replaced) = (new StringBuilder(raw.Length), new StringBuilder(raw.Length));
        var at = bind.FirstValue - from;
        Both(raw[..at], masked[..at]);
        for (var i = 0; i < bind.Values.Count; i++)
        {
            var length = bind.Values[i]?.Length ?? 0;
            var isText = bind.Values[i] is not null && !bind.IsBinary(i);
            if (!isText)
                Both(raw[at..(at + sizeof(int))], masked[at..(at + sizeof(int))]);
            at += sizeof(int);
            Both(raw[at..(at + length)], masked[at..(at + length)]);
            if (isText)
                Both("\0", "\0");
            at += length;
        }

        Both(raw[at..], masked[at..]);
        return new Text(sql, exact.ToString(), replaced.ToString());

        void Both(string one, string other)
        {
            exact.Append(one);
            replaced.Append(other);
        }
    }

    /// <summary>Of a named statement; also of one that was prepared before anything was recorded.</summary>
    private string TextOf(string statement)
    {
        if (statements.TryGetValue(statement, out var sql))
            return sql;
        return prepared.Find(statement)
            ?? (online?.PreparedAs(statement) is { } before ? LosslessText.Of(Encoding.Latin1.GetBytes(before)) : "");
    }

    /// <summary>A text, and what it means by the names of statements that were prepared in SQL.</summary>
    private string WithMeaning(ReadOnlySpan<byte> body, string sql)
    {
        if (!PgSqlPrepared.MayName(body))
            return sql;
        var meaning = prepared.Hear(PgSql.Split(sql, Escapes), TextOf);
        return meaning.Length == 0 ? sql : $"{sql}\0{meaning}";
    }

    private static string Latin(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    /// <summary>Of a message: its statement, what else it says, and that with the declared ranges of bytes left out.</summary>
    private readonly record struct Text(string Sql, string Other, string Masked)
    {
        public Text(string sql, string other)
            : this(sql, other, other)
        {
        }
    }

    private sealed class Portal(Text bound)
    {
        public Text Bound => bound;

        public int Executed { get; set; }
    }
}
