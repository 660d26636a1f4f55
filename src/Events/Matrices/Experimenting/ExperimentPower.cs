using JustRunIt.Events.Hosts;

namespace JustRunIt.Events.Matrices.Experimenting;

/// <summary>Power on both sides of an experiment.</summary>
/// <param name="Online">The original's, while the measured requests arrived; null when unknown.</param>
/// <param name="Sandbox">The clone's, while their duplicates arrived; null when unknown.</param>
public sealed record ExperimentPower(PowerDrawn? Online, PowerDrawn? Sandbox);
