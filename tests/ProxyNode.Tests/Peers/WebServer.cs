using System.Net;
using JustRunIt.Infrastructure;
using JustRunIt.Infrastructure.Peers;

namespace JustRunIt.ProxyNode.Tests.Peers;

/// <summary>nginx or Apache with the files of a folder: <c>small.txt</c>, <c>page.html</c> and <c>large.bin</c>.</summary>
internal sealed class WebServer : IAsyncDisposable
{
    private readonly PeerProcess process;
    private readonly DirectoryInfo folder;

    private WebServer(PeerProcess process, DirectoryInfo folder, int port) =>
        (this.process, this.folder, EndPoint) = (process, folder, new IPEndPoint(IPAddress.Loopback, port));

    public IPEndPoint EndPoint { get; }

    /// <summary>Starts nginx: pages are compressed, and so sent in chunks; what is PUT is stored.</summary>
    public static async Task<WebServer> NginxAsync(long largeBytes = 1 << 20)
    {
        var folder = Files("nginx-", largeBytes);
        var port = FreePorts.Next();
        var file = Path.Combine(folder.FullName, "nginx.conf");
        await File.WriteAllTextAsync(file, $$"""
            daemon off; worker_processes 1; pid {{folder.FullName}}/pid; error_log {{folder.FullName}}/error.log;
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            events { worker_connections 512; }
            http {
              types { text/html html; text/plain txt; }
              access_log off; gzip on; gzip_min_length 1; client_max_body_size 0;
              client_body_temp_path {{folder.FullName}}/body; proxy_temp_path {{folder.FullName}}/proxy;
              fastcgi_temp_path {{folder.FullName}}/fastcgi;
              uwsgi_temp_path {{folder.FullName}}/uwsgi; scgi_temp_path {{folder.FullName}}/scgi;
              server {
                listen 127.0.0.1:{{port}}; root {{folder.FullName}};
                location /fixed { return 200 "fixed\n"; }
                location /moved { return 302 /small.txt; }
              }
            }
            """);
        var process = await PeerProcess.StartAsync(
            "nginx", ["-p", folder.FullName, "-c", file], Questions.Http($"http://127.0.0.1:{port}/small.txt"));
        return new WebServer(process, folder, port);
    }

    /// <summary>Starts Apache.</summary>
    public static async Task<WebServer> ApacheAsync()
    {
        var folder = Files("apache-", 1 << 20);
        var port = FreePorts.Next();
        await PeerProcess.RunAsync("chmod", ["755", folder.FullName]);
        var process = await Apache.StartAsync(folder, port, "authz_core", $"DocumentRoot {folder.FullName}", "/small.txt");
        return new WebServer(process, folder, port);
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private static DirectoryInfo Files(string prefix, long largeBytes)
    {
        var folder = Directory.CreateTempSubdirectory(prefix);
        File.WriteAllText(Path.Combine(folder.FullName, "small.txt"), "a small text\n");
        File.WriteAllText(
            Path.Combine(folder.FullName, "page.html"),
            $"<html><body>{string.Concat(Enumerable.Repeat("<p>text</p>\n", 40))}</body></html>\n");
        // A sparse file: its size costs nothing on disk.
        using var large = File.Create(Path.Combine(folder.FullName, "large.bin"));
        large.SetLength(largeBytes);
        return folder;
    }
}
