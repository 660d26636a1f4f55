using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Hosts;

/// <summary>A virtual machine or clone ended without having been told to.</summary>
/// <param name="Agent">The host agent.</param>
/// <param name="Vm">Its name.</param>
/// <param name="Subject">For a clone, the stream that asked for it; else null.</param>
/// <param name="Reason">Exit code or signal, and the program's last words; one line.</param>
[WireName("justrunit.vm-exited.v1")]
public sealed record VmExited(string Agent, string Vm, string? Subject, string Reason) : IReport;
