namespace JustRunIt.Events.Placement.Search;

/// <summary>How long and how hot is annealed; a machine weighs 1,000, a migration 1.</summary>
/// <param name="Iterations">Steps beside those for each virtual machine.</param>
/// <param name="IterationsPerVm">Steps for each virtual machine that may move.</param>
/// <param name="FirstTemperature">At the beginning.</param>
/// <param name="LastTemperature">At the end.</param>
public sealed record AnnealingSchedule(int Iterations, int IterationsPerVm, double FirstTemperature, double LastTemperature);
