using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace JustRunIt.Hosting.Secrets;

/// <summary>
/// Takes out of a text what nobody must read who reads reports, logs or events: values of headers that let somebody in, cookies,
/// passwords and the like in forms, JSON, XML, connection strings, addresses and SQL, and numbers like those of payment cards.
/// Applied where such a text is made, before it is kept. Names of fields stay, so that a person sees what was there. Every pattern takes
/// linear time: the text may be an attacker's.
/// </summary>
public sealed class Redaction
{
    /// <summary>What stands in the place of what was taken out.</summary>
    public const string Mark = "***";

    private const int MostNested = 8;

    private const RegexOptions Linear =
        RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;

    /// <summary>To the end of the line, and of the lines that go on with a space (RFC 9112 §5.2).</summary>
    private static readonly Regex Headers = new(
        @"(?<name>\b(set-)?cookie2?|\b(proxy-|www-|x-[a-z-]*)?(authorization|authenticate|authentication-info)|"
        + @"\bx-[a-z-]*(token|key|secret)|\bapi-?key)(?<colon>[ \t]*:)[^\r\n]*(\r?\n[ \t][^\r\n]*)*",
        Linear);

    /// <summary>Part of a form with several parts (RFC 7578).</summary>
    private static readonly Regex FormParts = new(
        @"(?<head>\bname=""?(?<name>[^""\r\n;]*)""?[^\r\n]*\r\n([^\r\n]+\r\n)*\r\n)(?<value>[^\r\n]*)", Linear);

    /// <summary>A JSON field, also of a JSON text within a JSON text.</summary>
    private static readonly Regex JsonFields = new(
        @"(?<head>\\?""(?<name>[^""\\]*)\\?""\s*:\s*)"
        + @"(?<value>\\?""(\\.|[^""\\])*(""|\\?$)?|\[[^\]]*\]?|\{[^}]*\}?|[^\s,}\]""\[{]+)",
        Linear);

    /// <summary>An XML element that holds text.</summary>
    private static readonly Regex Elements = new(@"<(?<name>[a-z_][\w:.-]*)(?<rest>(\s[^<>]*)?>)(?<value>[^<]+)", Linear);

    /// <summary>NAME: at the beginning of a line: a header, whatever its name, or YAML.</summary>
    private static readonly Regex LineNames = new(@"^(?<indent>[ \t]*(-[ \t]+)*)(?<name>[\w.-]+)[ \t]*:", Linear);

    /// <summary>
    /// NAME= of forms, query strings, path parameters, connection strings and attributes, and NAME: of headers and YAML in the middle of a
    /// line. Values are read apart: within that of a harmless name there may be another pair.
    /// </summary>
    private static readonly Regex PairNames = new(@"(?<name>[^\s&;?=:,""'<>(){}]+)(\s*:?=\s*|[ \t]*:[ \t]*)", Linear);

    /// <summary>A connection string's, whose values may hold spaces.</summary>
    private static readonly Regex ConnectionStrings = new(
        @"(?<head>(^|;)\s*(ssl ?)?(password|passwd|pwd|psw)\s*=\s*)(""[^""]*""?|'[^']*'?|[^;&\r\n]*)", Linear | RegexOptions.Multiline);

    /// <summary>USER:PASSWORD@ of an address.</summary>
    private static readonly Regex UserInfo = new(@"(?<head>://[^\s:/@""']*:)[^\s/""']*@", Linear);

    /// <summary>What follows the name of a way to log in (RFC 7235).</summary>
    private static readonly Regex Schemes = new(@"\b(?<name>bearer|basic|digest|negotiate)\s+[\w.~+/=-]{6,}", Linear);

    /// <summary>JSON Web Token (RFC 7519).</summary>
    private static readonly Regex Tokens = new(@"\beyJ[\w-]{6,}\.[\w-]*(\.[\w-]*)?", Linear);

    /// <summary>Statements about users; what follows is left out to the statement's end.</summary>
    private static readonly Regex Accounts = new(@"\b(?<head>identified\s+(by|with|via|as)|set\s+password)\b[^;]*", Linear);

    /// <summary>A password in SQL: the literals right after the word.</summary>
    private static readonly Regex Passwords = new(
        @"(?<head>\w*(password|passwd|passphrase|secret|token|crypt|_key)\w*[\s(=,:]*(=|<>|to|e|n|as|is|in|using|values)?[\s(=]*)"
        + @"('([^'\\]|\\.|'')*'?|\$\$[^$]*(\$\$)?)",
        Linear);

    /// <summary>An INSERT with a list of columns.</summary>
    private static readonly Regex Inserts = new(
        @"(?<head>\b(insert|replace)\s[^()]*\((?<columns>[^()]*)\)\s*(values|select|on)\b)[^;]*", Linear);

    // What a text must hold for a pattern to find something in it. Found several times faster than by the pattern, and mostly not there.
    private static readonly SearchValues<string> OfHeaders = Any("cookie", "auth", "x-", "apikey", "api-key");
    private static readonly SearchValues<string> OfFormParts = Any("\r\n\r\n");
    private static readonly SearchValues<string> OfAccounts = Any("identified", "password");
    private static readonly SearchValues<string> OfPasswords = Any(
        "password", "passwd", "passphrase", "secret", "token", "crypt", "_key");
    private static readonly SearchValues<string> OfInserts = Any("insert", "replace");
    private static readonly SearchValues<string> OfConnectionStrings = Any("password", "passwd", "pwd", "psw");
    private static readonly SearchValues<string> OfUserInfo = Any("://");
    private static readonly SearchValues<string> OfSchemes = Any("bearer", "basic", "digest", "negotiate");
    private static readonly SearchValues<string> OfTokens = Any("eyj");

    private static readonly string[] Parts =
    [
        "password", "passwd", "passphrase", "passcode", "passwort", "pwd", "secret", "token", "apikey", "accesskey", "privatekey",
        "credential", "authorization", "cookie", "sessionid", "sessid", "cvv", "cvc", "cardnumber",
    ];

    private static readonly HashSet<string> Wholes =
        new(StringComparer.Ordinal) { "pass", "pin", "sid", "otp", "auth", "ssn", "psw", "jwt", "session" };

    private readonly HashSet<string> fields;

    /// <summary>Makes one that also takes out certain fields.</summary>
    /// <param name="fields">Names of headers, cookies, form, JSON, XML and query fields, and columns; case does not matter.</param>
    public Redaction(IEnumerable<string> fields) => this.fields = [.. fields.Select(Plain)];

    /// <summary>What is taken out everywhere.</summary>
    public static Redaction Default { get; } = new([]);

    /// <summary>Whether the value of a field of this name is taken out.</summary>
    public bool IsSecret(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var plain = Plain(name.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(name) : name);
        return plain.Length > 0 && (fields.Contains(plain) || Wholes.Contains(plain)
            || Array.Exists(Parts, part => plain.Contains(part, StringComparison.Ordinal)));
    }

    /// <summary>The text without what nobody must read.</summary>
    public string Text(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.AsSpan().IndexOfAny(":= <'\"$") < 0 && !text.Any(char.IsAsciiDigit))
            return text;
        text = Replace(text, OfHeaders, Headers, $"${{name}}${{colon}} {Mark}");
        text = Lines(text);
        if (text.AsSpan().ContainsAny(OfFormParts))
            text = FormParts.Replace(text, part => IsSecret(part.Groups["name"].Value) ? part.Groups["head"].Value + Mark : part.Value);
        text = Json(text, MostNested);
        text = Elements.Replace(
            text,
            element => IsSecret(element.Groups["name"].Value)
                ? $"<{element.Groups["name"].Value}{element.Groups["rest"].Value}{Mark}"
                : element.Value);
        text = Replace(text, OfAccounts, Accounts, $"${{head}} {Mark}");
        if (text.AsSpan().ContainsAny(OfInserts))
            text = Inserts.Replace(text, InsertOf);
        text = Replace(text, OfPasswords, Passwords, $"${{head}}{Mark}");
        text = Replace(text, OfConnectionStrings, ConnectionStrings, $"${{head}}{Mark}");
        text = Pairs(text);
        text = Replace(text, OfUserInfo, UserInfo, $"${{head}}{Mark}@");
        text = Replace(text, OfSchemes, Schemes, $"${{name}} {Mark}");
        text = Replace(text, OfTokens, Tokens, Mark);
        return CardNumbers.Replace(text, Mark);
    }

    /// <summary>
    /// The first characters of a text of which more is known, without what nobody must read: cut off afterwards, because half of a card's
    /// number or of a field's name is recognized by nobody.
    /// </summary>
    /// <param name="text">Its beginning; more than what is kept.</param>
    /// <param name="isWhole">Whether that is all of it.</param>
    /// <param name="longest">Characters that are kept.</param>
    public string Excerpt(string text, bool isWhole, int longest)
    {
        var redacted = Text(text);
        if (redacted.Length > longest)
            return redacted[..longest];
        // What was cut off by the beginning's end may have been half of something.
        return isWhole ? redacted : redacted[..(redacted.AsSpan().LastIndexOfAny(" \r\n&;,") + 1)];
    }

    private static SearchValues<string> Any(params string[] words) => SearchValues.Create(words, StringComparison.OrdinalIgnoreCase);

    private static string Replace(string text, SearchValues<string> words, Regex pattern, string by) =>
        text.AsSpan().ContainsAny(words) ? pattern.Replace(text, by) : text;

    private string InsertOf(Match insert) =>
        insert.Groups["columns"].Value.Split(',').Any(column => IsSecret(column.Trim(' ', '`', '"', '[', ']')))
            ? $"{insert.Groups["head"].Value} {Mark}"
            : insert.Value;

    /// <summary>Fields of a JSON text, and of those within its values.</summary>
    private string Json(string text, int deeper) => JsonFields.Replace(text, field =>
    {
        var (head, value) = (field.Groups["head"].Value, field.Groups["value"].Value);
        return IsSecret(field.Groups["name"].Value) ? $"{head}\"{Mark}\""
            : deeper > 0 && value.Contains(':', StringComparison.Ordinal) ? head + Json(value, deeper - 1)
            : field.Value;
    });

    /// <summary>Lines that begin with a secret name, with those that go on with it: they are further to the right.</summary>
    private string Lines(string text)
    {
        if (!text.Contains(':', StringComparison.Ordinal))
            return text;
        List<string> kept = [];
        var hidden = int.MaxValue;
        foreach (var line in text.Split('\n'))
        {
            if (hidden < Indent(line))
                continue;
            hidden = int.MaxValue;
            var end = line.EndsWith('\r') ? "\r" : "";
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (LineNames.Match(line) is { Success: true } found && IsLabel(found.Groups["name"].Value))
            {
                hidden = found.Groups["indent"].Length;
                kept.Add($"{found.Value} {Mark}{end}");
            }
            else if (colon > 0 && fields.Count > 0 && fields.Contains(Plain(line[..colon])))
            {
                kept.Add($"{line[..colon]}: {Mark}{end}");
            }
            else
            {
                kept.Add(line);
            }
        }

        return string.Join('\n', kept);
    }

    private string Pairs(string text)
    {
        StringBuilder? redacted = null;
        var copied = 0;
        foreach (Match pair in PairNames.Matches(text))
        {
            var from = pair.Index + pair.Length;
            if (pair.Index < copied || !IsLabel(pair.Groups["name"].Value) || IsReference(text, pair))
                continue;
            var end = EndOfValue(text, from);
            if (end == from)
                continue;
            (redacted ??= new StringBuilder(text.Length)).Append(text, copied, from - copied).Append(Mark);
            copied = end;
        }

        return redacted is null ? text : redacted.Append(text, copied, text.Length - copied).ToString();
    }

    /// <summary>Whether what follows the name is its value: what follows an exception's is a reason.</summary>
    private bool IsLabel(string name) => IsSecret(name) && !name.EndsWith("Exception", StringComparison.Ordinal);

    /// <summary>{secret:NAME} stands in a command so that the secret itself need not: it may be read.</summary>
    private static bool IsReference(string text, Match pair) =>
        pair.Value == "secret:" && pair.Index > 0 && text[pair.Index - 1] == '{';

    private static int EndOfValue(string text, int from)
    {
        var rest = text.AsSpan(from);
        if (rest is ['"' or '\'', ..])
        {
            var closing = rest[1..].IndexOf(rest[0]);
            return closing < 0 ? text.Length : from + closing + 2;
        }

        var length = rest.IndexOfAny("&;\"'<> \t\r\n");
        return length < 0 ? text.Length : from + length;
    }

    /// <summary>Columns before the first letter; of an empty line none.</summary>
    private static int Indent(string line)
    {
        var at = line.AsSpan().IndexOfAnyExcept(" \t\r");
        return Math.Max(at, 0);
    }

    private static string Plain(string name) =>
        string.Concat(name.Where(c => char.IsLetterOrDigit(c))).ToLowerInvariant();
}
