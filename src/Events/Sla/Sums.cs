using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Sla;

/// <summary>
/// Sums of figures that others report, none of them negative: one that is too large stays the largest, so that no report makes those after
/// it fail.
/// </summary>
internal static class Sums
{
    /// <summary>The sum of two counts.</summary>
    public static long Of(long one, long other) => one > Wire.MostWhole - other ? Wire.MostWhole : one + other;

    /// <summary>The sum of two times.</summary>
    public static TimeSpan Of(TimeSpan one, TimeSpan other) => one > TimeSpan.MaxValue - other ? TimeSpan.MaxValue : one + other;
}
