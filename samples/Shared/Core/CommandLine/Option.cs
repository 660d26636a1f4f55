namespace JustRunIt.Samples.Core.CommandLine;

/// <summary>One option of a command line: <c>--Name VALUE</c>.</summary>
/// <param name="Name">Name with its dashes, such as <c>--listen</c>.</param>
/// <param name="Value">What the help shows in place of the value.</param>
/// <param name="Description">One line for the help: meaning, unit, allowed range.</param>
/// <param name="Default">Value when the option is absent; <see langword="null"/> when there is none.</param>
/// <param name="IsRequired">Whether the option has to be given.</param>
public sealed record Option(string Name, string Value, string Description, string? Default = null, bool IsRequired = false);
