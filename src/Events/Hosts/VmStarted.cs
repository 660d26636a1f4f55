using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Hosts;

/// <summary>
/// A virtual machine runs and is healthy; said in answer to <see cref="StartVm"/>, and again for adopted ones when an agent restarts.
/// </summary>
/// <param name="RequestId">The request that started it.</param>
/// <param name="DataCenter">The data centre.</param>
/// <param name="Agent">The host agent.</param>
/// <param name="Machine">Where it runs.</param>
/// <param name="Vm">Its name.</param>
/// <param name="Service">The service it belongs to.</param>
/// <param name="Tier">The tier it belongs to.</param>
/// <param name="Pinned">True when it may not be migrated.</param>
/// <param name="Allocation">What it has.</param>
/// <param name="StartedBy">The request that it was started by, whoever asks now; null from an older program.</param>
[WireName("justrunit.vm-started.v2")]
public sealed record VmStarted(
    Guid RequestId,
    [Named] string DataCenter,
    [Named] string Agent,
    [Named] string Machine,
    [Named] string Vm,
    [Named] string Service,
    [Named] string Tier,
    bool Pinned,
    Allocation Allocation,
    Guid? StartedBy = null) : IReport;
