using System.Collections.Frozen;
using System.Globalization;
using JustRunIt.Events.Deciding;

namespace JustRunIt.Events.Auditing;

/// <summary>
/// The rules that a program has, by name, version and message. Several versions of one rule may be there side by side, so that history is
/// judged by the rule of its time.
/// </summary>
public sealed class Rules
{
    private readonly FrozenDictionary<(string Name, int Version, Type Message), Rule> rules;
    private readonly FrozenDictionary<string, int[]> versions;

    /// <summary>These rules.</summary>
    /// <exception cref="ArgumentException">Two answer the same message under the same name and version.</exception>
    public Rules(IEnumerable<IDecider> deciders)
    {
        ArgumentNullException.ThrowIfNull(deciders);
        var all = deciders.SelectMany(decider => Deciders.MessagesOf(decider).Select(message => (decider, message))).ToList();
        rules = all
            .ToDictionary(rule => (rule.decider.Name, rule.decider.Version, rule.message), rule => Rule.Of(rule.decider, rule.message))
            .ToFrozenDictionary();
        versions = all.GroupBy(rule => rule.decider.Name, StringComparer.Ordinal).ToFrozenDictionary(
            named => named.Key, named => named.Select(rule => rule.decider.Version).Distinct().Order().ToArray(), StringComparer.Ordinal);
    }

    /// <summary>The rules of this program.</summary>
    public static Rules OfThisProgram { get; } = new(Deciders.All);

    /// <summary>Finds a rule.</summary>
    /// <returns>The rule, or why there is none.</returns>
    internal (Rule? Rule, string Problem) Find(string name, int version, Type message)
    {
        if (rules.TryGetValue((name, version, message), out var rule))
            return (rule, "");
        if (!versions.TryGetValue(name, out var there))
        {
            return (null, string.Create(
                CultureInfo.InvariantCulture, $"rule {version} of {name} is gone: there is no decider of that name"));
        }

        return there.Contains(version)
            ? (null, string.Create(CultureInfo.InvariantCulture, $"rule {version} of {name} answers no {message.Name} any more"))
            : (null, string.Create(
                CultureInfo.InvariantCulture, $"rule {version} of {name} is gone; there is {string.Join(" and ", there)}"));
    }
}
