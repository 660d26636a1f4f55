using System.Text.Json;
using JasperFx;
using JasperFx.Events;
using JustRunIt.Events.Messaging;
using Marten;
using Marten.Events;
using Npgsql;
using Weasel.Core;

namespace JustRunIt.Events.Store;

/// <summary>How Marten keeps the streams.</summary>
public static class StoreSetup
{
    /// <summary>The schema of streams, timers and relay position.</summary>
    public const string Schema = "justrunit";

    /// <summary>Configures Marten for the streams of JustRunIt.</summary>
    public static void Configure(StoreOptions options, NpgsqlDataSource dataSource)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Connection(dataSource);
        options.DatabaseSchemaName = Schema;
        options.Events.DatabaseSchemaName = Schema;
        options.Events.StreamIdentity = StreamIdentity.AsString;
        // The relay relies on one statement drawing sequence numbers and inserting: see EventReader.
        options.Events.AppendMode = EventAppendMode.Quick;
        options.Events.MetadataConfig.CausationIdEnabled = true;
        options.Events.MetadataConfig.CorrelationIdEnabled = true;
        options.Events.MetadataConfig.HeadersEnabled = true;
        options.Events.IgnoreIndex(HandledTable.CauseIndex);
        // Marten names properties as in C# where no casing is given, whatever the options say.
        options.UseSystemTextJsonForSerialization(new JsonSerializerOptions(Wire.Json), EnumStorage.AsString, Casing.CamelCase);
        // By SchemaSetup alone, which lets one process at a time do so: and not everybody who reads owns the tables.
        options.AutoCreateSchemaObjects = AutoCreate.None;
        foreach (var type in Wire.Types.Where(type => type.IsAssignableTo(typeof(IDomainEvent))))
            options.Events.MapEventType(type, Wire.NameOf(type));
    }
}
