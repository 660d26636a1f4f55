using System.Collections.Immutable;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Deciding;

/// <summary>Events that are appended to one stream together.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Events">One or more, in order.</param>
public sealed record StreamEvents(string Stream, ImmutableArray<IDomainEvent> Events);
