using System.Globalization;
using System.Net;

namespace JustRunIt.Samples.Core.CommandLine;

/// <summary>Values of a parsed command line, each checked when it is read.</summary>
public sealed class Arguments(IReadOnlyDictionary<string, string> values)
{
    /// <summary>The text of an option, <see langword="null"/> when neither given nor defaulted.</summary>
    public string? Find(string name) => values.GetValueOrDefault(name);

    /// <summary>The text of an option that is required or has a default.</summary>
    public string Text(string name) => values[name] is { Length: > 0 } text
        ? text
        : throw new UsageException($"{name}: is empty; a value is needed");

    /// <summary>A whole number within a closed range.</summary>
    public int Integer(string name, int minimum, int maximum) =>
        int.TryParse(values[name], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        && number >= minimum && number <= maximum
            ? number
            : throw new UsageException($"{name}: '{values[name]}' is not allowed; a whole number from {minimum} to {maximum} is");

    /// <summary>A duration such as <c>800ms</c>, <c>1.5s</c>, <c>10m</c>, <c>2h</c>; not negative.</summary>
    public TimeSpan Duration(string name) => DurationText.TryParse(values[name], out var duration)
        ? duration
        : throw new UsageException($"{name}: '{values[name]}' is not allowed; {DurationText.Allowed}");

    /// <summary>An address to listen on.</summary>
    public IPEndPoint Endpoint(string name) => IPEndPoint.TryParse(values[name], out var endpoint) && endpoint.Port > 0
        ? endpoint
        : throw new UsageException($"{name}: '{values[name]}' is not allowed; ADDRESS:PORT such as 127.0.0.1:8080 is");

    /// <summary>The address of a server, by name or number.</summary>
    public string HostAndPort(string name) =>
        Uri.TryCreate($"http://{values[name]}", UriKind.Absolute, out var uri)
            && uri.Authority == values[name]
            && values[name].Contains(':', StringComparison.Ordinal)
            ? values[name]
            : throw new UsageException($"{name}: '{values[name]}' is not allowed; HOST:PORT such as 127.0.0.1:8080 is");
}
