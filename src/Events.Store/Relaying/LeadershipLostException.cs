namespace JustRunIt.Events.Store.Relaying;

/// <summary>This relay no longer leads, or cannot be sure of it: it stops at once.</summary>
internal sealed class LeadershipLostException(string reason) : Exception(reason);
