using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Hosts;

/// <summary>An operator says what processes in quarantine are. Answered by a <see cref="VmSettled"/>.</summary>
/// <param name="Subject">Who asks.</param>
/// <param name="RequestId">Of this request.</param>
/// <param name="Agent">The host agent that is to do it.</param>
/// <param name="Vm">Name under which they are in quarantine.</param>
/// <param name="Adopt">True to take them up as the on-line server that is noted under the name; false to end them.</param>
[WireName("justrunit.settle-vm.v1")]
public sealed record SettleVm(string Subject, Guid RequestId, [Named] string Agent, string Vm, bool Adopt) : IAgentCommand;
