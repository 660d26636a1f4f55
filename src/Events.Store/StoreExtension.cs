using Marten;

namespace JustRunIt.Events.Store;

/// <summary>What a service adds to the store: a table of its own, for documents or for whatever else.</summary>
/// <param name="Service">The service's name in <see cref="Catalog"/>: no other may write the table (<see cref="RowRights"/>).</param>
/// <param name="Table">The table's name, without the schema.</param>
/// <param name="Configure">Adds to Marten's configuration.</param>
/// <param name="Ddl">Statements that create the table where it is missing; empty where Marten does.</param>
public sealed record StoreExtension(string Service, string Table, Action<StoreOptions> Configure, string Ddl = "");
