using System.Text.Json;
using System.Text.Json.Nodes;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Sandboxes;
using JustRunIt.Events.Sealing;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Telling;

/// <summary>The state of a stream, to be looked at by people: it moves on event by event.</summary>
public abstract class StreamState
{
    private static readonly JsonSerializerOptions Indented = new(Wire.Json) { WriteIndented = true };

    /// <summary>The state of a stream before its first event; null for a stream of no kind.</summary>
    public static StreamState? Of(string stream) => StreamKind.Of(stream) switch
    {
        var kind when kind == StreamKind.Matrix => new Folded<MatrixState>(MatrixGrid.Of),
        var kind when kind == StreamKind.DataCenter => new Folded<PlacementState>(DataCenterTable.Of),
        var kind when kind == StreamKind.Service => new Folded<ServiceState>(null),
        var kind when kind == StreamKind.Explorations => new Folded<ExplorationsState>(null),
        var kind when kind == StreamKind.Sandbox => new Folded<SandboxState>(null),
        var kind when kind == StreamKind.Policy => new Folded<PolicyState>(null),
        var kind when kind == StreamKind.Seal => new Folded<SealState>(null),
        _ => null,
    };

    /// <summary>Moves on.</summary>
    /// <exception cref="UnknownEventException">The event is not one of this stream's.</exception>
    public abstract void Evolve(IDomainEvent @event);

    /// <summary>The state as JSON.</summary>
    public abstract JsonNode Json();

    /// <summary>The state in lines: a matrix' grid, a data centre's table, of others the JSON.</summary>
    public abstract IReadOnlyList<string> Lines();

    private sealed class Folded<TState>(Func<TState, IReadOnlyList<string>>? lines) : StreamState
        where TState : class, IState<TState>
    {
        private TState state = TState.Initial;

        public override void Evolve(IDomainEvent @event) => state = TState.Evolve(state, @event);

        public override JsonNode Json() => JsonSerializer.SerializeToNode(state, Wire.Json)!;

        public override IReadOnlyList<string> Lines() =>
            lines is null ? JsonSerializer.Serialize(state, Indented).Split('\n') : lines(state);
    }
}
