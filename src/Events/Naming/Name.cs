using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace JustRunIt.Events.Naming;

/// <summary>
/// The name of a virtual machine, machine, service, tier, proxy node, host agent, monitor or data centre: 1 to 63 ASCII letters,
/// digits, <c>-</c>, <c>_</c> and <c>.</c>, a letter or digit first. Such a name is data wherever it gets to: one component of a
/// path, never a path; a word of a command line, never an option of it; and no separator of a rule, a routing key or a URL. What
/// exists was checked. The grammar holds where names enter (files, bus, command line), not where streams are read: what was stored
/// under an older grammar stays readable.
/// </summary>
public sealed record Name
{
    /// <summary>The grammar, for complaints.</summary>
    public const string Allowed = "a name of 1 to 63 letters, digits, '-', '_' and '.', a letter or digit first";

    /// <summary>The grammar as a regular expression (ECMA 262), for schemas.</summary>
    public const string Pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$";

    /// <summary>A label of the domain name system (RFC 1035 §2.3.4), and what a host name may be on Linux (sethostname(2)).</summary>
    public const int Longest = 63;

    private const int LongestShown = 80;

    private Name(string value) => Value = value;

    /// <summary>The text.</summary>
    public string Value { get; }

    /// <summary>Whether a text is a name.</summary>
    public static bool IsValid([NotNullWhen(true)] string? text) =>
        text is { Length: > 0 and <= Longest } && char.IsAsciiLetterOrDigit(text[0]) && text.All(IsAllowed);

    /// <summary>Reads a name.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Name? name)
    {
        name = IsValid(text) ? new Name(text) : null;
        return name is not null;
    }

    /// <summary>Why a field's text is no name: field, value, what is allowed; null when it is one.</summary>
    public static string? Problem(string field, string? text) => IsValid(text) ? null : $"{field}: '{Shown(text)}'; allowed is {Allowed}";

    /// <summary>A name made of another and a suffix; of a long one the end is left out, so that the whole is a name.</summary>
    /// <param name="stem">A name. Of what is none, such as one that was stored under an older grammar, none is made.</param>
    /// <param name="suffix">What follows; shorter than a name may be, and of its letters.</param>
    public static string Of(string stem, string suffix)
    {
        ArgumentNullException.ThrowIfNull(stem);
        ArgumentNullException.ThrowIfNull(suffix);
        return stem[..Math.Min(stem.Length, Math.Max(0, Longest - suffix.Length))] + suffix;
    }

    /// <summary>Somebody else's text on one line, of bounded length, with nothing in it that a terminal or a log would obey.</summary>
    public static string Shown(string? text)
    {
        var shown = new StringBuilder();
        foreach (var rune in (text ?? "").EnumerateRunes())
        {
            if (shown.Length >= LongestShown)
                return shown.Append("...").ToString();
            if (Rune.IsControl(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse)
                shown.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
            else
                shown.Append(rune);
        }

        return shown.ToString();
    }

    /// <summary>The text.</summary>
    public override string ToString() => Value;

    private static bool IsAllowed(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.';
}
