using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary>
/// The rules that would make the differences equal that a report has samples of, for a person to accept: a file of rules in which each
/// rule says how many differences it has a part in. What no rule can explain is told too.
/// </summary>
internal sealed partial class RulesProposal
{
    private readonly SortedDictionary<string, long> replies = new(StringComparer.Ordinal);
    private readonly SortedDictionary<(string Field, string Rule), long> wildcards = [];
    private readonly List<string> unexplained = [];
    private long seen;
    private long explained;

    private RulesProposal()
    {
    }

    /// <summary>Whether there is a rule to propose.</summary>
    public bool HasRules => replies.Count + wildcards.Count > 0;

    /// <summary>The rules that a report's samples lead to.</summary>
    public static RulesProposal Of(Report report)
    {
        var proposal = new RulesProposal();
        foreach (var sample in report.Differences?.Samples ?? [])
        {
            proposal.Take(
                sample.Count, sample.IsExplained, sample.Places, $"{sample.What}: {sample.Request}", place => ("", place.Pattern!));
        }

        var isSql = report.Protocol is "mysql" or "postgresql";
        foreach (var sample in report.MatchSamples ?? [])
        {
            proposal.Take(
                sample.Count, sample.IsExplained, sample.Places, $"{sample.Match}: {sample.Asked}", place => WildcardOf(place, isSql));
        }

        return proposal;
    }

    /// <summary>A file of rules, YAML; of nothing where there is no rule.</summary>
    public string ToYaml()
    {
        var text = new StringBuilder();
        Line(text, string.Create(CultureInfo.InvariantCulture, $"# {explained} of {seen} differences that were looked at would be equal"));
        if (replies.Count > 0)
            text.Append("replies:\n");
        foreach (var (pattern, count) in replies.OrderByDescending(rule => rule.Value))
            Line(text, string.Create(CultureInfo.InvariantCulture, $"  - {Quoted(pattern)}    # has a part in {count}"));
        if (wildcards.Count > 0)
            text.Append("wildcards:\n");
        foreach (var field in wildcards.GroupBy(rule => rule.Key.Field))
        {
            Line(text, $"  {field.Key}:");
            foreach (var ((_, rule), count) in field.OrderByDescending(rule => rule.Value))
                Line(text, string.Create(CultureInfo.InvariantCulture, $"    - {Quoted(rule)}    # has a part in {count}"));
        }

        foreach (var line in unexplained)
            Line(text, $"# not explained: {line}");
        return text.ToString();
    }

    private void Take(
        long count,
        bool isExplained,
        IReadOnlyList<DifferingPlace>? places,
        string what,
        Func<DifferingPlace, (string Field, string Rule)> ruleOf)
    {
        seen += count;
        foreach (var rule in (places ?? []).Where(place => place.Pattern is not null).Select(ruleOf).Distinct())
        {
            if (rule.Field.Length == 0)
                replies[rule.Rule] = replies.GetValueOrDefault(rule.Rule) + count;
            else
                wildcards[rule] = wildcards.GetValueOrDefault(rule) + count;
        }

        if (isExplained)
        {
            explained += count;
            return;
        }

        var where = places is null ? "no sample of both contents yet"
            : places.FirstOrDefault(place => place.Pattern is null) is { } place ? $"{place.Live} / {place.Sandbox}"
            : "more differs than what these rules are for";
        unexplained.Add(string.Create(CultureInfo.InvariantCulture, $"{count} of {TextDifference.Shown(what)}: {where}"));
    }

    /// <summary>What of a request it is: a field that has a name is declared by it.</summary>
    private static (string Field, string Rule) WildcardOf(DifferingPlace place, bool isSql)
    {
        if (isSql)
            return ("sql", place.Pattern!);
        var before = place.Live[..Math.Max(0, place.Live.IndexOf('[', StringComparison.Ordinal))];
        if (JsonName().Match(before) is { Success: true } json)
            return ("jsonFields", json.Groups[1].Value);
        if (QueryName().Match(before) is { Success: true } query)
        {
            var isOfBody = before.LastIndexOf("  ", StringComparison.Ordinal) > 0;
            return (isOfBody ? "formFields" : "queryParameters", query.Groups[1].Value);
        }

        return FormName().Match(before) is { Success: true } form ? ("formFields", form.Groups[1].Value)
            : HeaderName().Match(before) is { Success: true } header ? ("headers", header.Groups[1].Value)
            : ("paths", place.Pattern!);
    }

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private static void Line(StringBuilder text, string line) => text.Append(line).Append('\n');

    [GeneratedRegex("\"([^\"]+)\"\\s*:\\s*\"?$")]
    private static partial Regex JsonName();

    [GeneratedRegex("[?&]([^=&?\\s]+)=$")]
    private static partial Regex QueryName();

    [GeneratedRegex("  ([^=&?\\s]+)=$")]
    private static partial Regex FormName();

    [GeneratedRegex("  ([A-Za-z0-9-]+):\\s?$")]
    private static partial Regex HeaderName();
}
