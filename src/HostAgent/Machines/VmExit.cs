namespace JustRunIt.HostAgent.Machines;

/// <summary>Something ended without having been told to.</summary>
/// <param name="Vm">What.</param>
/// <param name="Reason">Exit code and last words.</param>
internal sealed record VmExit(RunningVm Vm, string Reason);
