using Marten;

namespace JustRunIt.Events.Store;

/// <summary>What a service adds to the store: documents of its own, and tables of its own.</summary>
/// <param name="Configure">Adds to Marten's configuration.</param>
/// <param name="Ddl">Statements that create tables where they are missing; empty for none.</param>
public sealed record StoreExtension(Action<StoreOptions> Configure, string Ddl = "");
