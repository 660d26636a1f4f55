using System.Globalization;
using System.Text.Json.Serialization;
using JustRunIt.Events.Messaging;

namespace JustRunIt.HostAgent.Machines;

/// <summary>Something ended without having been told to.</summary>
/// <param name="Vm">What.</param>
/// <param name="Reason">Exit code and last words.</param>
internal sealed record VmExit(RunningVm Vm, string Reason)
{
    /// <summary>Id of the message that tells it: the same however often it is told.</summary>
    [JsonIgnore]
    public Guid MessageId => DeterministicId.From(
        Vm.Origin?.Command.RequestId ?? Vm.Start.RequestId,
        string.Create(CultureInfo.InvariantCulture, $"exited/{Vm.Name}/{Vm.ProcessId}/{Vm.ProcessStart}"));
}
