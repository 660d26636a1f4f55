using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Sandboxes;

/// <summary>Who holds a sandbox machine.</summary>
/// <param name="Holder">Stream of the matrix that holds it; null when free.</param>
/// <param name="Until">End of the lease (UTC).</param>
public sealed record SandboxState(string? Holder, DateTimeOffset Until) : IState<SandboxState>
{
    /// <inheritdoc />
    public static SandboxState Initial { get; } = new(null, default);

    /// <inheritdoc />
    public static SandboxState Evolve(SandboxState state, IDomainEvent @event) => @event switch
    {
        SandboxLeased leased => new(leased.Holder, leased.Until),
        SandboxReleased => Initial,
        _ => throw new UnknownEventException(typeof(SandboxState), @event),
    };

    /// <summary>The stream that keeps <paramref name="applicant"/> from using the sandbox now; null when nothing does.</summary>
    public string? HeldAgainst(string applicant, DateTimeOffset now) =>
        Holder is { } holder && holder != applicant && Until > now ? holder : null;

    /// <summary>Gives the sandbox back, when <paramref name="holder"/> has it.</summary>
    public IEnumerable<IDomainEvent> Release(string machine, string holder) =>
        Holder == holder ? [new SandboxReleased(machine, holder)] : [];
}
