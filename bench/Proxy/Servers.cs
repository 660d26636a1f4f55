using System.Net;
using JustRunIt.Infrastructure;
using JustRunIt.Infrastructure.Peers;

namespace JustRunIt.Bench.Proxy;

/// <summary>Starts the contenders and what they stand before, with settings that are as equal as theirs allow.</summary>
internal sealed class Servers : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("justrunit-bench-");
    private readonly List<Server> started = [];

    /// <summary>The repository.</summary>
    public static string Home { get; } = Environment.GetEnvironmentVariable("JUSTRUNIT_HOME") ?? Directory.GetCurrentDirectory();

    /// <summary>A free port.</summary>
    public static int Port() => FreePorts.Next();

    /// <summary>nginx that serves two files, of 128 bytes and of 16 KiB.</summary>
    /// <param name="yields">Whether it takes only what all others leave of the cores: a clone has a machine of its own.</param>
    public Task<Server> OriginAsync(bool yields = false)
    {
        var root = folder.CreateSubdirectory("www").FullName;
        foreach (var size in (int[])[128, 16384])
            File.WriteAllBytes(Path.Combine(root, $"{size}"), Enumerable.Repeat((byte)'a', size).ToArray());
        return NginxAsync(
            port => $"open_file_cache max=16 inactive=3600s; server {{ listen 127.0.0.1:{port} backlog=1024; root {root}; }}",
            yields ? "worker_priority 19;" : "");
    }

    /// <summary>nginx as a proxy; with a clone it mirrors.</summary>
    /// <param name="upstream">What it stands before.</param>
    /// <param name="clone">Where it mirrors to; null: nowhere.</param>
    /// <param name="connections">Connections that each of its workers may have.</param>
    public Task<Server> NginxProxyAsync(EndPoint upstream, EndPoint? clone = null, int connections = 4096) => NginxAsync(port => $$"""
        upstream up { server {{upstream}}; keepalive 512; keepalive_requests 1000000000; }
        {{(clone is null ? "" : $"upstream clone {{ server {clone}; keepalive 512; keepalive_requests 1000000000; }}")}}
        proxy_http_version 1.1; proxy_set_header Connection ""; client_header_timeout 10m;
        server {
          listen 127.0.0.1:{{port}} backlog=1024;
          location / { {{(clone is null ? "" : "mirror /mirrored;")}} proxy_pass http://up; }
          {{(clone is null ? "" : "location = /mirrored { internal; proxy_pass http://clone$request_uri; }")}}
        }
        """, connections: connections);

    /// <summary>A file that is gone with them.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="text">What is in it.</param>
    /// <returns>Its path.</returns>
    public string WriteFile(string name, string text)
    {
        var path = Path.Combine(folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>HAProxy.</summary>
    /// <param name="mode">http or tcp.</param>
    /// <param name="upstream">What it stands before, as it names it.</param>
    /// <param name="question">What is asked through it until it is answered; of none, an HTTP request.</param>
    public async Task<Server> HaProxyAsync(string mode, string upstream, Func<IPEndPoint, Func<CancellationToken, Task>>? question = null)
    {
        var port = Port();
        var file = Path.Combine(folder.FullName, $"haproxy-{port}.cfg");
        await File.WriteAllTextAsync(file, $"""
            global
              nbthread {Environment.ProcessorCount}
            defaults
              mode {mode}
              timeout connect 5s
              timeout client 1h
              timeout server 1h
              {(mode == "http" ? "http-reuse always" : "")}
            listen all
              bind 127.0.0.1:{port}
              server up {upstream}

            """);
        return await AddAsync(port, "haproxy", ["-f", file, "-db"], question?.Invoke(At(port)) ?? Questions.Http($"http://{At(port)}/"));
    }

    /// <summary>One of our own.</summary>
    public Task<Server> OwnAsync(string protocol, EndPoint upstream, params string[] more) => OwnAsync(protocol, $"{upstream}", more);

    /// <summary>One of our own.</summary>
    public Task<Server> OwnAsync(string protocol, string upstream, params string[] more)
    {
        var (port, admin) = (Port(), Port());
        var role = more.Contains("--role") ? Array.Empty<string>() : ["--role", "in"];
        return AddAsync(
            port,
            "dotnet",
            [
                Path.Combine(Home, "src/ProxyNode/bin/Release/net10.0/JustRunIt.ProxyNode.dll"), "proxy", .. role, "--protocol", protocol,
                "--listen", $"127.0.0.1:{port}", "--upstream", upstream, "--admin", $"127.0.0.1:{admin}", .. more,
            ],
            // It serves this when it serves its clients, and no client's request is counted.
            Questions.Http($"http://127.0.0.1:{admin}/report"),
            admin);
    }

    /// <summary>PgBouncer, a session of the server a client.</summary>
    /// <param name="host">The server's address, or the folder of its Unix socket.</param>
    /// <param name="serversPort">The server's port, which the socket's name has too.</param>
    /// <param name="question">What is asked through it until it is answered.</param>
    public async Task<Server> PgBouncerAsync(string host, int serversPort, Func<IPEndPoint, Func<CancellationToken, Task>> question)
    {
        var port = Port();
        var own = folder.CreateSubdirectory($"pgbouncer-{port}");
        var users = Path.Combine(own.FullName, "users");
        var file = Path.Combine(own.FullName, "pgbouncer.ini");
        await File.WriteAllTextAsync(users, "\"shop\" \"secret\"\n");
        await File.WriteAllTextAsync(file, $"""
            [databases]
            shop = host={host} port={serversPort} dbname=shop
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = scram-sha-256
            auth_file = {users}
            pool_mode = session
            default_pool_size = 50

            """);
        if (!Environment.IsPrivilegedProcess)
            return await AddAsync(port, "pgbouncer", ["-q", file], question(At(port)));
        // It refuses to run as root.
        await PeerProcess.RunAsync("chmod", ["755", folder.FullName]);
        await PeerProcess.RunAsync("chown", ["-R", "postgres", own.FullName]);
        return await AddAsync(port, "runuser", ["-u", "postgres", "--", "pgbouncer", "-q", file], question(At(port)));
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        foreach (var server in Enumerable.Reverse(started))
            await server.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private async Task<Server> NginxAsync(Func<int, string> http, string main = "", int connections = 4096)
    {
        var port = Port();
        var own = folder.CreateSubdirectory($"nginx-{port}").FullName;
        var file = Path.Combine(own, "nginx.conf");
        var temporary = string.Concat(
            new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }.Select(what => $"{what}_temp_path {own}/{what}; "));
        await File.WriteAllTextAsync(file, $$"""
            daemon off; {{main}} pid {{own}}/pid; error_log {{own}}/error; worker_processes {{Environment.ProcessorCount}};
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            events { worker_connections {{connections}}; }
            http {
              access_log off; {{temporary}}
              keepalive_requests 1000000000; keepalive_timeout 1h; sendfile on; tcp_nodelay on;
              {{http(port)}}
            }

            """);
        return await AddAsync(port, "nginx", ["-c", file, "-e", $"{own}/start"], Questions.Http($"http://{At(port)}/128"));
    }

    private static IPEndPoint At(int port) => new(IPAddress.Loopback, port);

    private async Task<Server> AddAsync(
        int port, string program, IEnumerable<string> arguments, Func<CancellationToken, Task> question, int? admin = null)
    {
        var server = await Server.StartAsync(port, program, arguments, question, admin);
        started.Add(server);
        return server;
    }
}
