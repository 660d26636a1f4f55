using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Hosts;

/// <summary>
/// Release a machine's name from the host agent that holds it, which is gone for good, or is to hold it no longer. Answered by
/// <see cref="DataCenters.MachineForgotten"/>, also where it was not known, or <see cref="DataCenters.MachineNotForgotten"/>. Nothing
/// that runs is touched; an agent that still has the machine announces it at its next start.
/// </summary>
/// <param name="RequestId">Repeated in the answer.</param>
/// <param name="DataCenter">The data centre.</param>
/// <param name="Machine">The machine.</param>
/// <param name="Force">True to forget the servers that are known to run on it with it.</param>
/// <param name="ExpiresAt">Not begun after this time (UTC), but answered as expired; null: however late.</param>
[WireName("justrunit.forget-machine.v1")]
public sealed record ForgetMachine(
    Guid RequestId,
    [Named] string DataCenter,
    [Named] string Machine,
    bool Force = false,
    DateTimeOffset? ExpiresAt = null) : IAnsweredCommand;
