using System.Data.Common;
using JasperFx;
using Marten.Internal.Operations;
using NpgsqlTypes;
using Weasel.Core;
using Weasel.Storage;
using ICommandBuilder = Weasel.Postgresql.ICommandBuilder;

namespace JustRunIt.Services.Monitor;

/// <summary>
/// Writes many open windows by one statement: a thousand services are reported of each second, and a statement for each would be most of
/// what the Monitor does. Fails as a conflict where any has changed since it was read.
/// </summary>
/// <param name="written">The windows, each once.</param>
/// <param name="table">Where they are.</param>
internal sealed class OpenWindowsWrite(IReadOnlyList<OpenWindowsWrite.Row> written, string table)
    : Marten.Internal.Operations.IStorageOperation
{
    /// <inheritdoc />
    public Type DocumentType => typeof(OpenWindows.Document);

    /// <inheritdoc />
    public OperationRole Role() => OperationRole.Other;

    /// <inheritdoc />
    public void ConfigureCommand(ICommandBuilder builder, IStorageSession session)
    {
        builder.Append("WITH given AS (SELECT * FROM unnest(");
        builder.AppendParameter(written.Select(row => row.Id).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Varchar);
        builder.Append(", ");
        builder.AppendParameter(written.Select(row => row.Json).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text);
        builder.Append(", ");
        builder.AppendParameter(written.Select(row => row.Read).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Uuid);
        builder.Append(
            $"""
            ) AS one(id, data, read)), changed AS (
                UPDATE {table} AS kept SET data = given.data::jsonb, mt_version = gen_random_uuid(), mt_last_modified = now()
                FROM given WHERE kept.id = given.id AND kept.mt_version = given.read RETURNING kept.id
            ), added AS (
                INSERT INTO {table} (id, data, mt_version, mt_dotnet_type) SELECT id, data::jsonb, gen_random_uuid(),
            """);
        builder.Append(" ");
        builder.AppendParameter(DocumentType.FullName!, NpgsqlDbType.Varchar);
        builder.Append(
            """
             FROM given WHERE read IS NULL ON CONFLICT DO NOTHING RETURNING id
            ) SELECT id FROM given WHERE id NOT IN (SELECT id FROM changed UNION ALL SELECT id FROM added)
            """);
    }

    /// <inheritdoc />
    public async Task PostprocessAsync(DbDataReader reader, IList<Exception> exceptions, CancellationToken token)
    {
        while (await reader.ReadAsync(token))
            exceptions.Add(new ConcurrencyException(DocumentType, await reader.GetFieldValueAsync<string>(0, token)));
    }

    /// <summary>A window to write.</summary>
    /// <param name="Id">Service and source.</param>
    /// <param name="Json">What is written.</param>
    /// <param name="Read">The version that was read; null when there was none.</param>
    internal readonly record struct Row(string Id, string Json, Guid? Read);
}
