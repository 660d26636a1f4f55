using System.Globalization;

namespace JustRunIt.Events.Resources;

/// <summary>
/// Names of resources in allocations, capacities and dimensions. A resource that is not listed here is a tunable of the
/// server's own, a plain number.
/// </summary>
public static class ResourceNames
{
    /// <summary>CPU share in cores: 0.6 is 60 % of a core. Shared by the servers of a machine.</summary>
    public const string Cpu = "cpu";

    /// <summary>Memory limit in mebibytes. Shared by the servers of a machine.</summary>
    public const string Memory = "memory";

    /// <summary>Highest frequency of the cores in megahertz; a setting, of which nothing is taken from others.</summary>
    public const string Frequency = "frequency";

    /// <summary>Whether servers on one machine share it, so that their sum may not exceed the machine's capacity.</summary>
    public static bool IsShared(string resource) => resource is Cpu or Memory;

    /// <summary>
    /// Whether <paramref name="name"/> can name a resource: 1 to 63 letters, digits, '-', '_' or '.', not beginning with one of the last
    /// three.
    /// </summary>
    public static bool IsValid(string? name) =>
        name is { Length: >= 1 and <= 63 }
        && char.IsAsciiLetterOrDigit(name[0])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    /// <summary>A value as people read it, for example <c>cpu 72 %</c>.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="value">In the resource's unit.</param>
    public static string Describe(string resource, double value) => resource switch
    {
        Cpu => string.Create(CultureInfo.InvariantCulture, $"cpu {value * 100:0.##} %"),
        Memory => string.Create(CultureInfo.InvariantCulture, $"memory {value:0.#} MiB"),
        Frequency => string.Create(CultureInfo.InvariantCulture, $"frequency {value:0.###} MHz"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{resource} {value:0.###}"),
    };
}
