using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Hosts;

/// <summary>A virtual machine or clone ended without having been told to.</summary>
/// <param name="Agent">The host agent.</param>
/// <param name="Vm">Its name.</param>
/// <param name="Subject">For a clone, the stream that asked for it; else null.</param>
/// <param name="Reason">Exit code or signal, and the program's last words; one line.</param>
/// <param name="DataCenter">The data centre; null from an older program.</param>
/// <param name="StartedBy">The request that an on-line one was started by; null from an older program.</param>
[WireName("justrunit.vm-exited.v1")]
public sealed record VmExited(
    [Named] string Agent,
    [Named] string Vm,
    string? Subject,
    string Reason,
    [Named] string? DataCenter = null,
    Guid? StartedBy = null) : IReport;
