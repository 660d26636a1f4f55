using System.Collections.Immutable;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Matrices.Experimenting;

/// <summary>What follows for the two streams that change together, or why nothing does.</summary>
/// <param name="Matrix">Events for the matrix' stream.</param>
/// <param name="Sandbox">Events for the sandbox' stream.</param>
/// <param name="Why">Why nothing follows; null when something does.</param>
/// <param name="Detail">One sentence that goes with it.</param>
public sealed record Steps(
    ImmutableList<IDomainEvent> Matrix, ImmutableList<IDomainEvent> Sandbox, WhyNothing? Why = null, string Detail = "")
{
    /// <summary>Nothing follows.</summary>
    public static Steps Nothing(WhyNothing why, string detail) => new([], [], why, detail);
}
