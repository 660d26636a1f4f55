namespace JustRunIt.Events.Proxies;

/// <summary>How long each part of an experiment takes (DESIGN §4, Experiment).</summary>
/// <param name="TimeShift">Delay of the duplicates behind the on-line requests; more than the longest response time (§2.2.1).</param>
/// <param name="SettleLimit">How long the clone may take to drain its backlog before its connections are dropped instead.</param>
/// <param name="WarmUp">Traffic at the new allocation that is not measured.</param>
/// <param name="Measure">Arrivals within this time are measured, on-line and in the sandbox.</param>
public sealed record ExperimentDurations(TimeSpan TimeShift, TimeSpan SettleLimit, TimeSpan WarmUp, TimeSpan Measure)
{
    /// <summary>The longest an experiment takes when nothing fails, without set-up of the allocation.</summary>
    public TimeSpan Longest => SettleLimit + WarmUp + Measure + TimeShift + TimeShift;
}
