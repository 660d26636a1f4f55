using System.Text;
using MySqlConnector;

namespace JustRunIt.Samples.Databases;

/// <summary>Many rows at once.</summary>
public static class Bulk
{
    private const int RowsPerStatement = 500;

    /// <summary>Inserts rows.</summary>
    /// <param name="connection">Open.</param>
    /// <param name="target">Table and columns: <c>books (id, title)</c>.</param>
    /// <param name="rows">Values in the order of the columns.</param>
    public static async Task InsertAsync(this MySqlConnection connection, string target, IEnumerable<object[]> rows)
    {
        foreach (var chunk in rows.Chunk(RowsPerStatement))
        {
            await using var command = connection.CreateCommand();
            var sql = new StringBuilder("INSERT INTO ").Append(target).Append(" VALUES ");
            foreach (var row in chunk)
            {
                sql.Append(command.Parameters.Count == 0 ? "(" : ",(").AppendJoin(',', row.Select(_ => "?")).Append(')');
                foreach (var value in row)
                    command.Parameters.Add(new MySqlParameter { Value = value });
            }

            command.CommandText = sql.ToString();
            await command.ExecuteNonQueryAsync();
        }
    }
}
