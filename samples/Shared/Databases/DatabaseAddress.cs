using MySqlConnector;

namespace JustRunIt.Samples.Databases;

/// <summary>Where and as whom a sample finds its database: one of its own, whose name, user and password are the sample's.</summary>
public static class DatabaseAddress
{
    /// <summary>Enough for a tier of about a core.</summary>
    private const int MaximumConnections = 20;

    /// <summary>A pool of connections.</summary>
    /// <param name="sample">Name of the sample.</param>
    /// <param name="hostAndPort">The database, or an out-proxy before it.</param>
    /// <param name="keepsState">
    /// Whether a connection that goes back to the pool keeps its prepared statements; otherwise it is reset when it is taken again.
    /// </param>
    public static MySqlDataSource Connect(string sample, string hostAndPort, bool keepsState)
    {
        var colon = hostAndPort.LastIndexOf(':');
        var settings = new MySqlConnectionStringBuilder
        {
            Server = hostAndPort[..colon],
            Port = uint.Parse(hostAndPort[(colon + 1)..], System.Globalization.CultureInfo.InvariantCulture),
            UserID = sample,
            Password = sample,
            Database = sample,
            SslMode = MySqlSslMode.None,
            ConnectionReset = !keepsState,
            MaximumPoolSize = MaximumConnections,
        };
        return new MySqlDataSourceBuilder(settings.ConnectionString).Build();
    }
}
