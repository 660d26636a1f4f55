using System.Net;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;
using JustRunIt.Infrastructure.Peers;
using MySqlConnector;
using Npgsql;
using Testcontainers.PostgreSql;
using Testcontainers.RabbitMq;

namespace JustRunIt.Infrastructure.Sources;

/// <summary>
/// Servers in containers. Each is asked a question from here, beyond what its image's own wait tells: only then its port is known to
/// be reached from this process. What is not disposed before is removed when the process ends.
/// </summary>
public static class ServerContainers
{
    private const ushort RabbitMqPort = 5672;
    private const ushort RabbitMqManagementPort = 15672;
    private const ushort MariaDbPort = 3306;
    private const ushort AjpPort = 8009;
    private const string TomcatHome = "/usr/local/tomcat";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan BetweenQuestions = TimeSpan.FromMilliseconds(100);

    /// <summary>PostgreSQL, with a user <c>shop</c> who may do everything.</summary>
    public static async Task<RunningContainer> PostgreSqlAsync()
    {
        var container = new PostgreSqlBuilder(ContainerImages.Postgres)
            .WithDockerEndpoint(await ContainerEngine.AddressAsync().ConfigureAwait(false))
            .WithUsername("shop").WithPassword("secret").WithDatabase("shop")
            .Build();
        return await StartAsync(container, PostgreSqlBuilder.PostgreSqlPort, (at, cancellation) => LocalPostgreSql.ExecuteAsync(
            new NpgsqlConnectionStringBuilder
            {
                Host = $"{at.Address}",
                Port = at.Port,
                Username = "shop",
                Password = "secret",
                Database = "shop",
                Pooling = false,
            }.ConnectionString,
            "SELECT 1",
            cancellation)).ConfigureAwait(false);
    }

    /// <summary>RabbitMQ with its management interface, and a user <c>test</c> who may administer it.</summary>
    public static async Task<(Uri Broker, Uri Management)> RabbitMqAsync()
    {
        var container = new RabbitMqBuilder(ContainerImages.RabbitMq)
            .WithDockerEndpoint(await ContainerEngine.AddressAsync().ConfigureAwait(false))
            .WithUsername("test").WithPassword("test")
            .WithPortBinding(RabbitMqManagementPort, assignRandomHostPort: true)
            .Build();
        var broker = await StartAsync(container, RabbitMqPort, async (_, cancellation) =>
        {
            // Of the management interface: it comes after the broker itself, and tells that this has all its listeners.
            using var handler = new SocketsHttpHandler { UseProxy = false, Credentials = new NetworkCredential("test", "test") };
            using var http = new HttpClient(handler);
            var question = new UriBuilder(Management()) { Path = "/api/health/checks/virtual-hosts" }.Uri;
            using var reply = await http.GetAsync(question, cancellation).ConfigureAwait(false);
            reply.EnsureSuccessStatusCode();
        }).ConfigureAwait(false);
        return (new Uri($"amqp://test:test@{broker.EndPoint}/"), Management());

        Uri Management() => new($"http://{container.Hostname}:{container.GetMappedPublicPort(RabbitMqManagementPort)}/");
    }

    /// <summary>MariaDB, whose administrator <c>root</c> has the password <c>secret</c>.</summary>
    public static async Task<RunningContainer> MariaDbAsync()
    {
        // The module for MySQL asks with a program that newer images of MariaDB have under another name.
        var container = new ContainerBuilder(ContainerImages.MariaDb)
            .WithDockerEndpoint(await ContainerEngine.AddressAsync().ConfigureAwait(false))
            .WithEnvironment("MARIADB_ROOT_PASSWORD", "secret")
            .WithCommand("--skip-name-resolve", "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0")
            .WithPortBinding(MariaDbPort, assignRandomHostPort: true)
            .Build();
        return await StartAsync(container, MariaDbPort, (at, cancellation) =>
            LocalMariaDb.ExecuteAsync(MariaDbAdministrator(at), "SELECT 1", cancellation)).ConfigureAwait(false);
    }

    /// <summary>Tomcat with the pages of <see cref="TomcatFolder"/> and an AJP connector.</summary>
    public static async Task<RunningContainer> TomcatAsync()
    {
        using var folder = new TomcatFolder(TomcatFolder.AjpConnector(new IPEndPoint(IPAddress.Any, AjpPort)));
        var container = new ContainerBuilder(ContainerImages.Tomcat)
            .WithDockerEndpoint(await ContainerEngine.AddressAsync().ConfigureAwait(false))
            .WithResourceMapping(new FileInfo(Path.Combine(folder.FullName, "conf/server.xml")), $"{TomcatHome}/conf/")
            .WithResourceMapping(new DirectoryInfo(Path.Combine(folder.FullName, "webapps/ROOT")), $"{TomcatHome}/webapps/ROOT/")
            .WithPortBinding(AjpPort, assignRandomHostPort: true)
            .Build();
        return await StartAsync(container, AjpPort, (at, cancellation) => Questions.Ajp(at)(cancellation)).ConfigureAwait(false);
    }

    /// <summary>What connects to a MariaDB of <see cref="MariaDbAsync"/> as its administrator.</summary>
    internal static string MariaDbAdministrator(IPEndPoint at) => new MySqlConnectionStringBuilder
    {
        Server = $"{at.Address}",
        Port = (uint)at.Port,
        UserID = "root",
        Password = "secret",
        Pooling = false,
        AllowUserVariables = true,
    }.ConnectionString;

    private static async Task<RunningContainer> StartAsync(
        IContainer container, ushort port, Func<IPEndPoint, CancellationToken, Task> question)
    {
        var running = new RunningContainer(container);
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await container.StartAsync(patience.Token).ConfigureAwait(false);
            running.EndPoint = await HostAddress.ResolveAsync(container.Hostname, container.GetMappedPublicPort(port), patience.Token)
                .ConfigureAwait(false);
            while (true)
            {
                try
                {
                    await question(running.EndPoint, patience.Token).ConfigureAwait(false);
                    return running;
                }
                catch (Exception error) when (error is not OperationCanceledException || !patience.IsCancellationRequested)
                {
                    await Task.Delay(BetweenQuestions, patience.Token).ConfigureAwait(false);
                }
            }
        }
        catch (Exception error)
        {
            var (output, errors) = await LogsAsync(container).ConfigureAwait(false);
            await running.DisposeAsync().ConfigureAwait(false);
            throw new InvalidOperationException($"{container.Image.FullName} does not serve: {error.Message}\n{output}\n{errors}", error);
        }
    }

    private static async Task<(string Output, string Errors)> LogsAsync(IContainer container)
    {
        try
        {
            return await container.GetLogsAsync().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            return ("", $"(no logs: {error.Message})");
        }
    }
}
