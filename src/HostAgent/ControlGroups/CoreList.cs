using System.Globalization;

namespace JustRunIt.HostAgent.ControlGroups;

/// <summary>Lists of cores as the kernel writes them: <c>0-2,5</c> (cpuset(7), List format).</summary>
internal static class CoreList
{
    /// <summary>The numbers, ascending.</summary>
    public static IReadOnlyList<int> Parse(string text) =>
    [
        .. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .SelectMany(range =>
            {
                var ends = range.Split('-');
                var first = int.Parse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture);
                var last = int.Parse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture);
                return Enumerable.Range(first, last - first + 1);
            })
            .Distinct()
            .Order(),
    ];

    /// <summary>As the kernel reads them.</summary>
    public static string Format(IEnumerable<int> cores) =>
        string.Join(',', cores.Select(core => core.ToString(CultureInfo.InvariantCulture)));
}
