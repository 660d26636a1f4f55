using System.Text.RegularExpressions;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>The rules of a running proxy give way to others that were read again, open connections included.</summary>
internal static class RulesChange
{
    /// <summary>Checks that others may take the place of those that are in force.</summary>
    /// <param name="held">Those in force.</param>
    /// <param name="read">The others.</param>
    /// <param name="where">Where they were read.</param>
    /// <param name="isRecorded">A trace is recorded with those in force.</param>
    /// <exception cref="ConfigurationException">Why they may not, in one line.</exception>
    public static void Check(ServiceRules held, ServiceRules read, string where, bool isRecorded)
    {
        if (read.Sessions.By != held.Sessions.By || !read.Sessions.Cookies.SetEquals(held.Sessions.Cookies))
            throw Kept($"{where}: sessions: changed; allowed is what it was, until the proxy is started anew");
        if (isRecorded && (!Same(read.ReplyWildcards, held.ReplyWildcards) || !Same(read.Identities, held.Identities)))
            throw Kept($"{where}: replies or identities: changed; allowed is what they were, while a trace is recorded with them");
    }

    /// <summary>Why the rules are what they were.</summary>
    public static ConfigurationException Kept(string reason) => new($"the rules are kept as they were: {reason}");

    /// <summary>How many rules there are, in words.</summary>
    public static string Count(ServiceRules rules)
    {
        var wildcards = rules.Wildcards;
        var all = wildcards.Headers.Count + wildcards.Cookies.Count + wildcards.QueryParameters.Count + wildcards.FormFields.Count
            + wildcards.JsonFields.Count + wildcards.Paths.Count + wildcards.Sql.Count + wildcards.ByteRanges.Count;
        return $"{all} wildcards, {rules.ReplyWildcards.Count} replies, {rules.Identities.Count} identities, "
            + $"{rules.Credentials.Count} credentials";
    }

    private static bool Same(IReadOnlyList<Regex> one, IReadOnlyList<Regex> other) =>
        one.Select(pattern => $"{pattern}").SequenceEqual(other.Select(pattern => $"{pattern}"), StringComparer.Ordinal);
}
