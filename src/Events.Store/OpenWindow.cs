using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Store;

/// <summary>The window of a service that is being filled, kept beside its stream.</summary>
public sealed class OpenWindow
{
    /// <summary>The service's name.</summary>
    public string Id { get; set; } = "";

    /// <summary>The window.</summary>
    public SlaWindow Window { get; set; } = SlaWindow.Empty;
}
