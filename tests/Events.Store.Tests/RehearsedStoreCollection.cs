namespace JustRunIt.Events.Store.Tests;

/// <summary>Tests that share the store, one after another.</summary>
[CollectionDefinition(nameof(RehearsedStore))]
public sealed class RehearsedStoreCollection : ICollectionFixture<RehearsedStore>;
