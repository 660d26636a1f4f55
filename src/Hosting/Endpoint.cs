using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace JustRunIt.Hosting;

/// <summary>
/// Where something listens: <c>HOST:PORT</c>, <c>[IPV6]:PORT</c>, or <c>unix:PATH</c>. What exists was checked, and reads back
/// from <see cref="ToString"/> as the same.
/// </summary>
public sealed record Endpoint
{
    private const string UnixPrefix = "unix:";

    /// <summary>Bytes of a path that fit <c>struct sockaddr_un</c> with the zero at its end (unix(7)).</summary>
    private const int LongestPath = 107;

    private Endpoint(string host, int port, string? unixPath)
    {
        Host = host;
        Port = port;
        UnixPath = unixPath;
    }

    /// <summary>IP address without brackets, or name; empty for a Unix socket.</summary>
    public string Host { get; }

    /// <summary>Port; 0 for a Unix socket, and where the system chooses.</summary>
    public int Port { get; }

    /// <summary>Path of a Unix socket; null for an address of the network.</summary>
    public string? UnixPath { get; }

    /// <summary>The IP address and port; null for a name and for a Unix socket.</summary>
    public IPEndPoint? Ip => UnixPath is null && IPAddress.TryParse(Host, out var address) ? new IPEndPoint(address, Port) : null;

    /// <summary>Whether it stands for every address of this machine: listened on, but never connected to.</summary>
    public bool IsOpen => Ip is { } ip && (ip.Address.Equals(IPAddress.Any) || ip.Address.Equals(IPAddress.IPv6Any));

    /// <summary>Reads an address.</summary>
    /// <param name="text">The text.</param>
    /// <param name="allowed">What it may be.</param>
    /// <param name="endpoint">The address.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, EndpointKinds allowed, [NotNullWhen(true)] out Endpoint? endpoint)
    {
        endpoint = null;
        if (text is null)
            return false;
        if (text.StartsWith(UnixPrefix, StringComparison.Ordinal))
        {
            var path = text[UnixPrefix.Length..];
            if (allowed.HasFlag(EndpointKinds.Unix) && path.StartsWith('/') && !path.Contains('\0', StringComparison.Ordinal)
                && Encoding.UTF8.GetByteCount(path) <= LongestPath)
            {
                endpoint = new Endpoint("", 0, path);
            }

            return endpoint is not null;
        }

        var colon = text.LastIndexOf(':');
        if (colon <= 0
            || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || (port == 0 && !allowed.HasFlag(EndpointKinds.AnyPort)))
        {
            return false;
        }

        endpoint = HostOf(text[..colon], allowed) is { } host ? new Endpoint(host, port, null) : null;
        return endpoint is not null;
    }

    /// <summary>Reads an address that another part of the system wrote.</summary>
    /// <exception cref="FormatException">It is none; the one line says what is allowed.</exception>
    public static Endpoint Parse(string text, EndpointKinds allowed) =>
        TryParse(text, allowed, out var endpoint)
            ? endpoint
            : throw new FormatException($"'{text}' is no address; allowed is {Allowed(allowed)}");

    /// <summary>An address of the network.</summary>
    public static Endpoint Of(IPEndPoint address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return new Endpoint(address.Address.ToString(), address.Port, null);
    }

    /// <summary>What is allowed, for complaints.</summary>
    public static string Allowed(EndpointKinds allowed) =>
        (allowed.HasFlag(EndpointKinds.HostName) ? "HOST:PORT" : "IP:PORT")
        + (allowed.HasFlag(EndpointKinds.AnyPort) ? ", such as 127.0.0.1:8080 (port 0: any that is free)" : ", such as 127.0.0.1:8080")
        + (allowed.HasFlag(EndpointKinds.Unix) ? ", or unix:PATH, such as unix:/run/mysqld/mysqld.sock" : "");

    /// <summary>The same host with another port.</summary>
    /// <exception cref="InvalidOperationException">A Unix socket has no port.</exception>
    public Endpoint WithPort(int port) =>
        UnixPath is null ? new Endpoint(Host, port, null) : throw new InvalidOperationException($"{this} has no port");

    /// <summary>The same port on another host.</summary>
    /// <exception cref="InvalidOperationException">A Unix socket has no port.</exception>
    public Endpoint WithHost(IPAddress host)
    {
        ArgumentNullException.ThrowIfNull(host);
        return UnixPath is null ? new Endpoint(host.ToString(), Port, null) : throw new InvalidOperationException($"{this} has no port");
    }

    /// <summary>What a socket connects to or listens on.</summary>
    public EndPoint ToEndPoint() =>
        UnixPath is { } path ? new UnixDomainSocketEndPoint(path) : Ip is { } ip ? ip : new DnsEndPoint(Host, Port);

    /// <summary>As it is written: it reads back as the same.</summary>
    public override string ToString()
    {
        if (UnixPath is { } path)
            return UnixPrefix + path;
        var host = Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host;
        return string.Create(CultureInfo.InvariantCulture, $"{host}:{Port}");
    }

    /// <summary>The host in one form; null where it is none. An IPv4 address has four parts: 1.2 is not 1.0.0.2 here.</summary>
    private static string? HostOf(string text, EndpointKinds allowed)
    {
        if (text.StartsWith('[') && text.EndsWith(']'))
            return IPAddress.TryParse(text[1..^1], out var v6) && v6.AddressFamily == AddressFamily.InterNetworkV6 ? v6.ToString() : null;
        return Uri.CheckHostName(text) switch
        {
            UriHostNameType.IPv4 when IPAddress.TryParse(text, out var v4) && v4.ToString() == text => text,
            UriHostNameType.Dns when allowed.HasFlag(EndpointKinds.HostName) && !text.All(c => char.IsAsciiDigit(c) || c == '.') => text,
            _ => null,
        };
    }
}
