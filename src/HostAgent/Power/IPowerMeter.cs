using JustRunIt.Events.Quantities;

namespace JustRunIt.HostAgent.Power;

/// <summary>Tells what a machine draws.</summary>
internal interface IPowerMeter : IDisposable
{
    /// <summary>What measures, for people and for reports, such as <c>rapl (psys)</c>.</summary>
    string Description { get; }

    /// <summary>True when it computes instead of measuring.</summary>
    bool Estimated { get; }

    /// <summary>
    /// Mean power since the last reading, or, where the meter knows no better, the power now. Null for the first reading of
    /// a meter that compares two.
    /// </summary>
    /// <exception cref="PowerMeterException">There is no reading; one line with the reason.</exception>
    Task<Watts?> ReadAsync(CancellationToken cancellation);
}
