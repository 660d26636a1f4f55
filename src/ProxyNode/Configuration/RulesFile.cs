using System.Text.RegularExpressions;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Secrets;
using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Sessions;

namespace JustRunIt.ProxyNode.Configuration;

/// <summary>A service's rules, in a file of their own or within a tier's settings; described in <c>docs/configuration.md</c>.</summary>
internal static class RulesFile
{
    /// <summary>The fields that are rules.</summary>
    public static IReadOnlyList<string> Fields { get; } = ["wildcards", .. InProxyFields];

    /// <summary>Those of them that an in-proxy alone makes use of.</summary>
    public static IReadOnlyList<string> InProxyFields =>
        ["replies", "identities", "credentials", "sessions", "answerLimit", "redact"];

    /// <summary>Reads a file.</summary>
    /// <exception cref="ConfigurationException">The first thing that is wrong in it.</exception>
    public static ServiceRules Read(string file) => Read(YamlField.Root(file).Group([.. Fields]));

    /// <summary>Reads the rules among a group's fields.</summary>
    /// <exception cref="ConfigurationException">The first thing that is wrong in them.</exception>
    public static ServiceRules Read(YamlField field) => new(
        field.Optional("wildcards") is { } wildcards ? Wildcards(wildcards) : WildcardRules.None,
        Patterns(field, "replies"),
        Patterns(field, "identities"),
        Credentials(field))
    {
        Sessions = field.Optional("sessions") is { } sessions ? Sessions(sessions) : SessionRules.Connections,
        AnswerLimit = field.Optional("answerLimit")?.Duration(TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1))
            ?? ServiceRules.DefaultAnswerLimit,
        Redaction = field.Optional("redact") is { } redact ? new Redaction(redact.List().Select(name => name.Text())) : Redaction.Default,
    };

    private static SessionRules Sessions(YamlField field)
    {
        field.Group("by", "cookies");
        var by = field.Required("by");
        SessionKind kind = by.Text() switch
        {
            "connection" => SessionKind.Connection,
            "cookie" => SessionKind.Cookie,
            "identity" => SessionKind.Identity,
            _ => throw by.Error("connection, cookie or identity"),
        };
        var cookies = kind == SessionKind.Cookie ? field.Required("cookies") : field.Optional("cookies");
        return cookies is null || kind == SessionKind.Cookie
            ? new SessionRules(kind, cookies?.List().Select(cookie => cookie.Text()).ToHashSet(StringComparer.Ordinal) ?? [])
            : throw cookies.Error("none where sessions are not told by cookie");
    }

    private static WildcardRules Wildcards(YamlField field)
    {
        field.Group("headers", "ignoredHeaders", "cookies", "queryParameters", "formFields", "jsonFields", "paths", "sql", "byteRanges");
        return new WildcardRules
        {
            Headers = Texts("headers").ToHashSet(StringComparer.OrdinalIgnoreCase),
            IgnoredHeaders = field.Optional("ignoredHeaders") is null ? HeaderNames.Default : new HeaderNames(Texts("ignoredHeaders")),
            Cookies = Texts("cookies").ToHashSet(StringComparer.Ordinal),
            QueryParameters = Texts("queryParameters").ToHashSet(StringComparer.Ordinal),
            FormFields = Texts("formFields").ToHashSet(StringComparer.Ordinal),
            JsonFields = Texts("jsonFields").ToHashSet(StringComparer.Ordinal),
            Paths = Patterns(field, "paths"),
            Sql = Patterns(field, "sql"),
            ByteRanges = field.Optional("byteRanges")?.List().Select(ByteRange).ToList() ?? [],
        };

        IEnumerable<string> Texts(string name) => field.Optional(name)?.List().Select(item => item.Text()) ?? [];
    }

    private static List<Regex> Patterns(YamlField field, string name)
    {
        var patterns = new List<Regex>();
        foreach (var item in field.Optional(name)?.List() ?? [])
        {
            try
            {
                patterns.Add(WildcardRules.Pattern(item.Text()));
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException)
            {
                throw item.Error("a regular expression without back references and look-around");
            }
        }

        return patterns;
    }

    private static Range ByteRange(YamlField field)
    {
        var ends = field.Text().Split('-');
        return ends.Length == 2 && int.TryParse(ends[0], out var from) && int.TryParse(ends[1], out var to) && from >= 0 && to > from
            ? from..to
            : throw field.Error("FROM-TO, such as 4-12, the byte at TO excluded");
    }

    private static Dictionary<string, string> Credentials(YamlField field)
    {
        var credentials = new Dictionary<string, string>();
        foreach (var item in field.Optional("credentials")?.List() ?? [])
        {
            item.Group("user", "password");
            if (!credentials.TryAdd(item.Required("user").Text(), item.Required("password").Text()))
                throw item.Required("user").Error("a user that is not listed already");
        }

        return credentials;
    }
}
