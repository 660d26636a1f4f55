using RabbitMQ.Client;

namespace JustRunIt.Hosting.Messaging.Connecting;

/// <summary>Connects to the broker as its address says: the one place that knows of ports, passwords, and TLS.</summary>
public static class BrokerConnections
{
    /// <summary>What makes connections.</summary>
    /// <param name="address">See <see cref="Broker.FromEnvironment"/>.</param>
    /// <param name="name">What the connections are called at the broker.</param>
    /// <exception cref="Configuration.ConfigurationException">What the address says of TLS cannot be used.</exception>
    public static ConnectionFactory FactoryFor(Uri address, string name)
    {
        ArgumentNullException.ThrowIfNull(address);
        var (user, password) = UserOf(address);
        var factory = new ConnectionFactory
        {
            HostName = address.Host,
            Port = PortOf(address),
            VirtualHost = VirtualHostOf(address),
            UserName = user,
            Password = password,
            ClientProvidedName = name,
        };
        if (BrokerTls.Read(address) is { } tls)
            factory.Ssl = tls.ToOption();
        return factory;
    }

    /// <summary>User and password; those that every broker begins with where the address names none.</summary>
    public static (string User, string Password) UserOf(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var parts = address.UserInfo.Split(':', 2);
        return (
            parts[0].Length > 0 ? Uri.UnescapeDataString(parts[0]) : ConnectionFactory.DefaultUser,
            parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : ConnectionFactory.DefaultPass);
    }

    /// <summary>The virtual host that an address names.</summary>
    public static string VirtualHostOf(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.AbsolutePath is "/" or "" ? "/" : Uri.UnescapeDataString(address.AbsolutePath[1..]);
    }

    /// <summary>The same address with another user.</summary>
    public static Uri WithUser(Uri address, string user, string password)
    {
        ArgumentNullException.ThrowIfNull(address);
        return new UriBuilder(address)
        {
            UserName = Uri.EscapeDataString(user),
            Password = Uri.EscapeDataString(password),
            Port = PortOf(address),
        }.Uri;
    }

    internal static int PortOf(Uri address) =>
        address.Port > 0 ? address.Port
        : address.Scheme == "amqps" ? AmqpTcpEndpoint.DefaultAmqpSslPort
        : Protocols.DefaultProtocol.DefaultPort;
}
