using System.Globalization;

namespace JustRunIt.Samples.Databases;

/// <summary>The application's own clock as it goes into statements: two runs of one request differ in it.</summary>
public static class ClockText
{
    /// <summary>Without leading zeros, as many an application writes it: <c>2026-3-5 9:5:3</c>, UTC.</summary>
    public static string Unpadded(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-M-d H:m:s", CultureInfo.InvariantCulture);

    /// <summary>With milliseconds: <c>2026-03-05T09:05:03.250</c>, UTC.</summary>
    public static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff", CultureInfo.InvariantCulture);
}
