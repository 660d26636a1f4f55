namespace JustRunIt.Events.Matrices;

/// <summary>Where a clone runs and how it reaches its out-proxy.</summary>
/// <param name="Machine">The sandbox machine.</param>
/// <param name="Agent">Its host agent.</param>
/// <param name="Next">Address at which the clone finds its out-proxy; null when it calls no next tier.</param>
public sealed record SandboxPlace(string Machine, string Agent, string? Next);
