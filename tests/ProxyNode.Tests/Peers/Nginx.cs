namespace JustRunIt.ProxyNode.Tests.Peers;

/// <summary>An nginx that answers every request with 'hello', and never ends a connection by itself.</summary>
internal static class Nginx
{
    /// <summary>Its configuration file in a folder.</summary>
    public static string Configure(string folder, params string[] addresses)
    {
        var file = Path.Combine(folder, "nginx.conf");
        var temporary = string.Join(
            ' ', new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }.Select(kind => $"{kind}_temp_path {folder}/{kind};"));
        File.WriteAllText(file, $$"""
            daemon off; master_process off; pid {{folder}}/pid; error_log {{folder}}/error.log;
            events { worker_connections 1024; }
            http {
                access_log off; keepalive_requests 1000000; {{temporary}}
                server { {{string.Concat(addresses.Select(address => $"listen {address}; "))}}location / { return 200 "hello\n"; } }
            }
            """);
        return file;
    }
}
