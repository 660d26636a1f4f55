using System.CommandLine;

namespace JustRunIt.Client.CommandLine;

/// <summary>Options whose values are checked while the command line is parsed: a wrong one is told before anything is done.</summary>
public static class CheckedOption
{
    /// <summary>Reads a value.</summary>
    /// <param name="text">What was given.</param>
    /// <param name="value">What it means.</param>
    /// <returns>Whether it is allowed.</returns>
    public delegate bool Reader<T>(string text, out T value);

    /// <summary>An option with any check.</summary>
    /// <param name="name">Its name with dashes.</param>
    /// <param name="helpName">What its value is called, such as <c>FILE</c>.</param>
    /// <param name="description">What it does.</param>
    /// <param name="allowed">What is allowed, for the complaint.</param>
    /// <param name="read">The check.</param>
    public static Option<T?> Create<T>(string name, string helpName, string description, string allowed, Reader<T> read) => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = given =>
        {
            var text = given.Tokens.Count == 1 ? given.Tokens[0].Value : "";
            if (read(text, out var value))
                return value;
            given.AddError(Complaint.About(name, text, allowed));
            return default;
        },
    };

    /// <summary>An option with one of a few values.</summary>
    public static Option<string?> Choice(string name, string description, params IReadOnlyList<string> allowed) => Create(
        name,
        string.Join('|', allowed),
        description,
        string.Join(" or ", allowed),
        (string text, out string value) => allowed.Contains(value = text));

    /// <summary>A whole number within a range.</summary>
    public static Option<int?> Whole(string name, string helpName, string description, int minimum, int maximum) => Create(
        name,
        helpName,
        description,
        $"a whole number from {minimum} to {maximum}",
        (string text, out int? value) =>
        {
            value = int.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : null;
            return value >= minimum && value <= maximum;
        });

    /// <summary>A file to be written, in a folder that is there or can be made.</summary>
    /// <param name="name">The option's name.</param>
    /// <param name="description">What is written.</param>
    /// <param name="endings">What its name may end in; nothing allows any.</param>
    public static Option<string?> OutputFile(string name, string description, params IReadOnlyList<string> endings) => Create(
        name,
        "FILE",
        description,
        endings.Count == 0 ? "a file to be written" : $"a file to be written whose name ends in {string.Join(" or ", endings)}",
        (string text, out string value) =>
        {
            value = text.Length == 0 ? "" : Path.GetFullPath(text);
            return value.Length > 0
                && !Directory.Exists(value)
                && !text.EndsWith('/')
                && (endings.Count == 0 || endings.Any(ending => text.EndsWith(ending, StringComparison.OrdinalIgnoreCase)));
        });
}
