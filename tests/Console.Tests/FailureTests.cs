using JustRunIt.Client.Supervision;
using JustRunIt.Hosting;
using JustRunIt.Infrastructure;
using Npgsql;

namespace JustRunIt.Console.Tests;

/// <summary>Servers that are stopped, refuse us or are not where they should be: one line, and no stack trace.</summary>
public sealed class FailureTests(BothFixture servers) : IClassFixture<BothFixture>
{
    private const string Stopped = "amqp://guest:guest@127.0.0.1:1/";

    private string Database => servers.Postgres.ConnectionString;

    private Uri Broker => servers.RabbitMq.Address;

    [Theory]
    [InlineData("hosts")]
    [InlineData("hosts --json")]
    [InlineData("clone shop-1")]
    public async Task A_stopped_broker(string command) =>
        Fails(await RunAsync("Console", command, Stopped), 1, "RabbitMQ does not answer: .*127.0.0.1:1: Connection refused");

    [Fact]
    public async Task A_broker_that_refuses_the_password()
    {
        var wrong = new UriBuilder(Broker) { Password = "wrong" }.Uri.ToString();
        foreach (var command in (string[])["hosts", "clone shop-1"])
            Fails(await RunAsync("Console", command, wrong), 2, "environment: JUSTRUNIT_RABBITMQ: RabbitMQ refuses: ACCESS_REFUSED");
    }

    [Fact]
    public async Task A_virtual_host_that_is_not_there()
    {
        var wrong = new UriBuilder(Broker) { Path = "/nowhere" }.Uri.ToString();
        Fails(await RunAsync("Console", "hosts", wrong), 2, "environment: JUSTRUNIT_RABBITMQ: RabbitMQ refuses: .*nowhere");
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("http://127.0.0.1/")]
    [InlineData("amqp://127.0.0.1/a/b/c")]
    public async Task An_address_of_the_broker_that_is_none(string address) =>
        Fails(await RunAsync("Console", "hosts", address), 2, "environment: JUSTRUNIT_RABBITMQ");

    [Fact]
    public async Task A_bus_without_host_agents()
    {
        Fails(await RunAsync("Console", "hosts", $"{Broker}"), 1, "no host agent answers on this bus; './justrunit up' starts one");
        Fails(
            await RunAsync(
                "Console", "clone shop-1", $"{Broker}"), 2, "command line: clone: 'shop-1'; allowed is nothing: no virtual machine runs");
    }

    [Fact]
    public async Task A_demonstration_without_its_servers()
    {
        Fails(await RunAsync("Demo", "--quick", Stopped), 1, "RabbitMQ does not answer: .*127.0.0.1:1: Connection refused. Logs: ");
        Fails(
            await RunAsync("Demo", "--quick", $"{Broker}", "Host=127.0.0.1;Port=1;Username=x;Database=x"),
            1,
            "PostgreSQL does not answer: .*127.0.0.1:1: Connection refused. Logs: ");
        Fails(
            await RunAsync(
                "Demo", "--quick", $"{Broker}", new NpgsqlConnectionStringBuilder(Database) { Database = "nowhere" }.ConnectionString),
            2,
            "environment: JUSTRUNIT_POSTGRES: PostgreSQL refuses: 3D000: ");
    }

    [Theory]
    [InlineData("--services {0}/nosuch --agent {0} --proxies /dev/null/x")]
    public async Task Files_that_cannot_be_read_are_a_line_each(string arguments)
    {
        using var script = new ScriptCopy();
        var run = await RunAsync("Console", "up " + string.Format(arguments, script.Folder), Stopped);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.Equal(3, run.ErrorLines.Count);
        Assert.All(run.ErrorLines, line => Assert.Contains(": cannot be read: ", line));
    }

    private static void Fails(CommandRun run, int exitCode, string line)
    {
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Matches($"^{line}", Assert.Single(run.ErrorLines));
    }

    private Task<CommandRun> RunAsync(string project, string arguments, string broker, string? database = null) => CommandRun.OfAsync(
        "dotnet",
        [Programs.OfProduct(project), .. arguments.Split(' ')],
        new Dictionary<string, string?>
        {
            [EnvironmentVariables.RabbitMq] = broker,
            [EnvironmentVariables.Postgres] = database ?? Database,
        });
}
