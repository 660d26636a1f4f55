namespace JustRunIt.Events.Store.History;

/// <summary>A store is not what its own seals say: somebody has changed it.</summary>
public sealed class StoreChangedException(string message) : Exception(message);
