using Npgsql;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>
/// How soon the two ends of a connection to the database give each other up. A host that has vanished says nothing: the server
/// would keep its transaction, and with it the relay at a gap, until its own keep-alive of two hours.
/// </summary>
internal static class Patience
{
    // Seconds, but for the user time-out (ms): PostgreSQL manual, "TCP Settings". Heard by the server for this connection.
    private const string Server =
        "-c tcp_keepalives_idle=1 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=2 -c tcp_user_timeout=2000";

    /// <summary>A writer that stands still within its transaction keeps the relay at a gap no longer than this.</summary>
    private const string Writer = " -c idle_in_transaction_session_timeout=30s";

    private const int ConnectSeconds = 5;
    private const int CommandSeconds = 10;
    private const int KeepAliveMilliseconds = 1000;

    /// <summary>Settings of the connections by which events are appended; what is given already stays.</summary>
    public static void OfWriter(NpgsqlConnectionStringBuilder settings)
    {
        Add(settings, Server + Writer);
        if (!settings.ContainsKey("Timeout"))
            settings.Timeout = ConnectSeconds;
    }

    /// <summary>A connection string for the relay: not pooled, and given up by our end too as soon as the server says nothing.</summary>
    public static string OfRelay(string postgres, string name)
    {
        var settings = new NpgsqlConnectionStringBuilder(postgres)
        {
            ApplicationName = name,
            // A lease ends with its connection, or earlier: none may outlive it in a pool.
            Pooling = false,
            Multiplexing = false,
            Timeout = ConnectSeconds,
            CommandTimeout = CommandSeconds,
            // A command that is given up is not cancelled first at a server that may be gone.
            CancellationTimeout = -1,
            TcpKeepAlive = true,
            TcpKeepAliveTime = KeepAliveMilliseconds,
            TcpKeepAliveInterval = KeepAliveMilliseconds,
            MaxAutoPrepare = 20,
            AutoPrepareMinUsages = 3,
        };
        Add(settings, Server);
        return settings.ConnectionString;
    }

    private static void Add(NpgsqlConnectionStringBuilder settings, string options) =>
        settings.Options = string.IsNullOrEmpty(settings.Options) ? options : $"{options} {settings.Options}";
}
