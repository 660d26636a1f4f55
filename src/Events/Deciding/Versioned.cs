namespace JustRunIt.Events.Deciding;

/// <summary>A stream's state and the number of events that it was folded from.</summary>
/// <param name="State">The state.</param>
/// <param name="Version">Number of events; 0 for a stream that does not exist.</param>
/// <typeparam name="TState">The state.</typeparam>
public sealed record Versioned<TState>(TState State, long Version);
