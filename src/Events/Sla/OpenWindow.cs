using JustRunIt.Events.Deciding;

namespace JustRunIt.Events.Sla;

/// <summary>The windows of a service that a source is filling: kept beside the streams, since it changes with every report.</summary>
/// <param name="Service">The service.</param>
/// <param name="Source">The source (<see cref="SlaSource"/>).</param>
/// <param name="Window">The windows.</param>
public sealed record OpenWindow(string Service, string Source, SlaWindow Window) : IKept
{
    /// <inheritdoc />
    public object Asked => new OpenWindowAsked(Service, Source);

    /// <inheritdoc />
    public object Answer => Window;
}
