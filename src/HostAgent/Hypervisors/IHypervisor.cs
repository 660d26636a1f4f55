using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;

namespace JustRunIt.HostAgent.Hypervisors;

/// <summary>
/// A back end that runs virtual machines. The rest of the system does not know which one serves. Every method either
/// succeeds, or throws <see cref="HypervisorException"/> and leaves things as they were. <c>docs/back-ends.md</c> tells how to add one.
/// </summary>
internal interface IHypervisor
{
    /// <summary>Its name, as announced.</summary>
    string Name { get; }

    /// <summary>What runs, clones included.</summary>
    IReadOnlyList<RunningVm> List();

    /// <summary>Starts an on-line virtual machine; it is healthy and capped when this returns. One that runs already is returned as it is.</summary>
    Task<RunningVm> StartAsync(StartVm command, CancellationToken cancellation);

    /// <summary>Clones an on-line virtual machine into a sandbox (§2.2.1). The same request twice gives the same clone.</summary>
    Task<CloneResult> CloneAsync(CloneVm command, CancellationToken cancellation);

    /// <summary>Sets what a running virtual machine or clone may use, all of it or nothing; returns it as read back.</summary>
    Task<Allocation> AllocateAsync(string vm, Allocation wanted, CancellationToken cancellation);

    /// <summary>Moves an on-line virtual machine to another machine of this agent.</summary>
    Task MigrateAsync(string vm, string to, CancellationToken cancellation);

    /// <summary>
    /// Moves an on-line virtual machine to the agent at the other end of a connection, which receives it with
    /// <see cref="ReceiveAsync"/>. When this returns it runs there and no longer here; when it throws it runs on here.
    /// </summary>
    Task SendAsync(string vm, Stream connection, CancellationToken cancellation);

    /// <summary>Takes up a virtual machine that another agent sends, on <paramref name="machine"/> of this one.</summary>
    Task<RunningVm> ReceiveAsync(string machine, Stream connection, CancellationToken cancellation);

    /// <summary>Stops a virtual machine or destroys a clone, and removes everything made for it. One that is gone is no error.</summary>
    Task StopAsync(string vm, CancellationToken cancellation);

    /// <summary>Takes up what runs since before a restart, destroys clones, removes what nobody knows. Returns the clones destroyed.</summary>
    Task<IReadOnlyList<RunningVm>> RecoverAsync(CancellationToken cancellation);

    /// <summary>What ended without having been told to.</summary>
    IAsyncEnumerable<VmExit> ExitsAsync(CancellationToken cancellation);
}
