using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Networks;

namespace JustRunIt.HostAgent.Tests.Compliance;

/// <summary>The process back end: clones are cold, and share the host's files.</summary>
[BackEnd("process")]
public sealed class ProcessComplianceTests : BackEndCompliance
{
    protected override IReadOnlyList<string> Phases => ["network", "start", "health"];

    protected override bool HasOwnFiles => false;

    internal override string OutProxySeenBy(IReadOnlyList<RunningVm> running, string clone, string onlineNext, string outProxy) =>
        SandboxNetworks.HostAddress(running.First(vm => vm.Name == clone).Network!.Value) + outProxy[outProxy.LastIndexOf(':')..];
}
