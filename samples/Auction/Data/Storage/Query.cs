using Npgsql;

namespace JustRunIt.Auction.Data.Storage;

/// <summary>One statement with positional parameters, run on a pooled connection.</summary>
internal static class Query
{
    public static async Task<List<T>> ListAsync<T>(this NpgsqlDataSource source, string sql, Func<NpgsqlDataReader, T> read, params object[] parameters)
    {
        await using var command = source.CreateCommand(sql).With(parameters);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
            rows.Add(read(reader));
        return rows;
    }

    public static async Task<T?> FindAsync<T>(this NpgsqlDataSource source, string sql, Func<NpgsqlDataReader, T> read, params object[] parameters)
        where T : class
    {
        await using var command = source.CreateCommand(sql).With(parameters);
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? read(reader) : null;
    }

    public static async Task<int> ExecuteAsync(this NpgsqlDataSource source, string sql, params object[] parameters)
    {
        await using var command = source.CreateCommand(sql).With(parameters);
        return await command.ExecuteNonQueryAsync();
    }

    private static NpgsqlCommand With(this NpgsqlCommand command, object[] parameters)
    {
        foreach (var value in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }
}
