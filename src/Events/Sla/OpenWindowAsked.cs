using JustRunIt.Events.Deciding;

namespace JustRunIt.Events.Sla;

/// <summary>Asks for the window that a source is filling.</summary>
/// <param name="Service">The service.</param>
/// <param name="Source">The source (<see cref="SlaSource"/>).</param>
public sealed record OpenWindowAsked(string Service, string Source) : IFact<SlaWindow>;
