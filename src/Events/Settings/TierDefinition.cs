namespace JustRunIt.Events.Settings;

/// <summary>One tier of a service and the virtual machines that serve it.</summary>
/// <param name="Name">For example <c>application</c>.</param>
/// <param name="Vms">Names of the tier's virtual machines; their load is balanced and their allocation equal (§3.1).</param>
/// <param name="ProxyNode">Name of the proxy node that holds the tier's in-proxy and out-proxies; null when the tier has none.</param>
/// <param name="SandboxNext">Address at which a clone of this tier finds its out-proxy; null when it calls no next tier.</param>
public sealed record TierDefinition(string Name, IReadOnlyList<string> Vms, string? ProxyNode, string? SandboxNext);
