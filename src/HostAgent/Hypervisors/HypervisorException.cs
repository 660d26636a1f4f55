namespace JustRunIt.HostAgent.Hypervisors;

/// <summary>A command that cannot be carried out: one line with the reason. Nothing has changed.</summary>
internal sealed class HypervisorException(string message) : Exception(message)
{
    /// <summary>Whether the cause is that the virtual machine has ended, or never ran here.</summary>
    public bool NotRunning { get; init; }
}
