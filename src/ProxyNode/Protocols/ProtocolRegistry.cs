using JustRunIt.ProxyNode.Ajp;
using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.MySql;
using JustRunIt.ProxyNode.PostgreSql;
using JustRunIt.ProxyNode.Tcp;

namespace JustRunIt.ProxyNode.Protocols;

/// <summary>The protocols by name. A new one is a line here.</summary>
internal static class ProtocolRegistry
{
    private static readonly HttpProtocol Http = new();

    private static readonly IReadOnlyList<IProtocol> All =
    [
        Http,
        new AjpProtocol(),
        new MySqlProtocol(),
        new PgProtocol(),
        new TcpProtocol(),
    ];

    /// <summary>The protocol of services that name none.</summary>
    public static IMessageProtocol Default => Http;

    /// <summary>The names of all.</summary>
    public static string Names => string.Join(", ", All.Select(protocol => protocol.Name));

    /// <summary>The names of those whose traffic can be recorded and repeated from a trace.</summary>
    public static string TraceableNames =>
        string.Join(", ", All.OfType<IMessageProtocol>().Where(IsTraceable).Select(protocol => protocol.Name));

    /// <summary>The protocol of a name; null when there is none.</summary>
    public static IProtocol? Find(string name) => All.FirstOrDefault(protocol => protocol.Name == name);

    /// <summary>The protocol of a name whose messages are understood; null when there is none.</summary>
    public static IMessageProtocol? FindMessages(string name) => Find(name) as IMessageProtocol;

    /// <summary>The protocol of a name whose traffic can be recorded and repeated from a trace; null when there is none.</summary>
    public static IMessageProtocol? FindTraceable(string name) => FindMessages(name) is { } found && IsTraceable(found) ? found : null;

    private static bool IsTraceable(IMessageProtocol protocol) => protocol.OpenReply(Recording.ServiceRules.None) is not null;
}
