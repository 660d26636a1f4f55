using MySqlConnector;

namespace JustRunIt.Samples.Databases;

/// <summary>
/// The database as one request uses it: a pooled connection, taken when the first statement needs it and given back when the
/// request ends. Statements have positional parameters (<c>?</c>).
/// </summary>
/// <param name="source">The pool.</param>
/// <param name="prepares">Whether statements are prepared at the server, or sent as text with their values in them.</param>
public sealed class RequestConnection(MySqlDataSource source, bool prepares) : IAsyncDisposable
{
    private MySqlConnection? connection;
    private MySqlTransaction? transaction;

    /// <summary>All rows.</summary>
    public async Task<List<T>> ListAsync<T>(string sql, Func<MySqlDataReader, T> read, params object[] parameters)
    {
        await using var command = await CommandAsync(sql, parameters);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
            rows.Add(read(reader));
        return rows;
    }

    /// <summary>The first row; null without one.</summary>
    public async Task<T?> FindAsync<T>(string sql, Func<MySqlDataReader, T> read, params object[] parameters)
        where T : class
    {
        await using var command = await CommandAsync(sql, parameters);
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? read(reader) : null;
    }

    /// <summary>Writes. Returns how many rows met the conditions, and the identifier that the database gave to a new row.</summary>
    public async Task<(int Rows, long Id)> ExecuteAsync(string sql, params object[] parameters)
    {
        await using var command = await CommandAsync(sql, parameters);
        return (await command.ExecuteNonQueryAsync(), command.LastInsertedId);
    }

    /// <summary>Does several things as one; nothing when it throws.</summary>
    public async Task<T> InTransactionAsync<T>(Func<Task<T>> work)
    {
        transaction = await (await ConnectionAsync()).BeginTransactionAsync();
        try
        {
            var result = await work();
            await transaction.CommitAsync();
            return result;
        }
        finally
        {
            // Without a commit this rolls back.
            await transaction.DisposeAsync();
            transaction = null;
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => connection?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task<MySqlConnection> ConnectionAsync() => connection ??= await source.OpenConnectionAsync();

    private async Task<MySqlCommand> CommandAsync(string sql, object[] parameters)
    {
        var command = new MySqlCommand(sql, await ConnectionAsync(), transaction);
        foreach (var value in parameters)
            command.Parameters.Add(new MySqlParameter { Value = value });
        if (prepares)
            await command.PrepareAsync();
        return command;
    }
}
