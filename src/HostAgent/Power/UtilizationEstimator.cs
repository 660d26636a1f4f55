using JustRunIt.Events.Quantities;

namespace JustRunIt.HostAgent.Power;

/// <summary>
/// No meter: base power plus dynamic power in proportion to CPU use, for machines that cannot measure. Known to be coarse;
/// what it says is an estimate and marked so everywhere.
/// </summary>
/// <param name="idle">Power with nothing running.</param>
/// <param name="dynamic">What full CPU use adds.</param>
/// <param name="cpu">CPU use since the last call, 0 to 1; null for the first.</param>
internal sealed class UtilizationEstimator(Watts idle, Watts dynamic, Func<double?> cpu) : IPowerMeter
{
    /// <inheritdoc />
    public string Description => "estimate";

    /// <inheritdoc />
    public bool Estimated => true;

    /// <inheritdoc />
    public Task<Watts?> ReadAsync(CancellationToken cancellation) => Task.FromResult<Watts?>(
        cpu() is { } utilization ? new Watts(idle.Value + dynamic.Value * Math.Clamp(utilization, 0, 1)) : null);

    /// <inheritdoc />
    public void Dispose()
    {
        // Holds nothing.
    }
}
