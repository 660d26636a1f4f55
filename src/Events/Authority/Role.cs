using System.Collections.Immutable;

namespace JustRunIt.Events.Authority;

/// <summary>A kind of process or person, and all that it may say and hear.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsNamed">
/// Whether each that has it also has a name of its own, and speaks for that name only: <c>host-agent.host-1</c>.
/// </param>
/// <param name="Appends">Events that it may append to streams: those that <see cref="Catalog"/> has it state.</param>
/// <param name="States">Messages that it may send or publish itself.</param>
/// <param name="Reads">Messages that it has a queue for.</param>
/// <param name="Observes">Whether it may also listen to everything that is published, by queues that go with it.</param>
public sealed record Role(
    string Name,
    bool IsNamed,
    ImmutableArray<Type> Appends,
    ImmutableArray<Type> States,
    ImmutableArray<Type> Reads,
    bool Observes = false);
