namespace JustRunIt.HostAgent.Power;

/// <summary>A counter of energy that starts again from zero after its largest value (kernel documentation, power/powercap).</summary>
internal static class EnergyCounter
{
    /// <summary>
    /// Energy between two readings in microjoules. A counter that wrapped more than once cannot be told from one that
    /// wrapped once: read it more often than the range lasts (a minute or more at full power).
    /// </summary>
    /// <param name="before">Earlier reading, microjoules.</param>
    /// <param name="after">Later reading, microjoules.</param>
    /// <param name="range">The counter's largest value, microjoules; after it comes zero.</param>
    public static long Between(long before, long after, long range) => after >= before ? after - before : range - before + after + 1;
}
