using JustRunIt.ProxyNode.Ajp;
using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.MySql;
using JustRunIt.ProxyNode.PostgreSql;
using JustRunIt.ProxyNode.Tcp;

namespace JustRunIt.ProxyNode.Protocols;

/// <summary>The protocols by name. A new one is a line here.</summary>
internal static class ProtocolRegistry
{
    private static readonly IReadOnlyList<IProtocol> All =
    [
        new HttpProtocol(),
        new AjpProtocol(),
        new MySqlProtocol(),
        new PgProtocol(),
        new TcpProtocol(),
    ];

    /// <summary>The protocol of services that name none.</summary>
    public static IProtocol Default => All[0];

    /// <summary>Their names.</summary>
    public static string Names => string.Join(", ", All.Select(protocol => protocol.Name));

    /// <summary>The protocol of a name; null when there is none.</summary>
    public static IProtocol? Find(string name) => All.FirstOrDefault(protocol => protocol.Name == name);
}
