using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace JustRunIt.Specimen;

/// <summary>What only a clone with the original's memory can know.</summary>
internal sealed class Memory : IDisposable
{
    private readonly ConcurrentDictionary<string, string> sessions = new();
    private int count;
    private TcpClient? connection;

    /// <summary>How often it was asked.</summary>
    public int Count() => Interlocked.Increment(ref count);

    /// <summary>What was remembered.</summary>
    public string Session(string key) => sessions.GetValueOrDefault(key, "unknown");

    /// <summary>Remembers.</summary>
    public void Remember(string key, string value) => sessions[key] = value;

    /// <summary>Opens a connection and keeps it; returns its own end.</summary>
    public async Task<string> ConnectAsync(string to)
    {
        connection = new TcpClient();
        await connection.ConnectAsync(IPEndPoint.Parse(to));
        return string.Create(CultureInfo.InvariantCulture, $"{connection.Client.LocalEndPoint}");
    }

    /// <summary>Whether the connection still carries what is written to it.</summary>
    public bool IsConnected()
    {
        try
        {
            return connection is not null
                && connection.Client.Send([1]) == 1
                && !(connection.Client.Poll(TimeSpan.FromMilliseconds(200), SelectMode.SelectRead) && connection.Client.Available == 0);
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <inheritdoc />
    public void Dispose() => connection?.Dispose();
}
