using System.Globalization;
using System.Security.Cryptography;

namespace JustRunIt.Infrastructure;

/// <summary>
/// Names of what a fixture makes on a server. They sort by the time of making, so that what a killed run
/// left behind can be told from what another run is using now.
/// </summary>
internal static class TestName
{
    private const string Prefix = "justrunit_test_";
    private const string TimeFormat = "yyyyMMddHHmmss";

    /// <summary>No test run lasts this long; what is older was left behind.</summary>
    private static readonly TimeSpan LeftBehindAfter = TimeSpan.FromHours(12);

    public static string New() =>
        $"{Prefix}{Time(DateTimeOffset.UtcNow)}_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}";

    public static bool IsLeftBehind(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal)
        && string.CompareOrdinal(name, Prefix + Time(DateTimeOffset.UtcNow - LeftBehindAfter)) < 0;

    private static string Time(DateTimeOffset time) => time.ToString(TimeFormat, CultureInfo.InvariantCulture);
}
