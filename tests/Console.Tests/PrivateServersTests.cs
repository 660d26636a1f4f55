using System.Diagnostics;
using System.Text.RegularExpressions;
using JustRunIt.Client.Supervision;
using Npgsql;
using RabbitMQ.Client;

namespace JustRunIt.Console.Tests;

/// <summary>Private servers of a copy of the scripts: whichever is down is started, and whichever serves is left alone.</summary>
public sealed partial class PrivateServersTests : IAsyncLifetime
{
    private readonly ScriptCopy script = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await script.RunAsync("down", "--purge");
        script.Dispose();
    }

    [ServersFact]
    public async Task Only_the_server_that_is_down_is_started()
    {
        var before = await SetUpAsync();
        await using var database = await OpenDatabaseAsync(before.Postgres);
        await using var broker = await new ConnectionFactory { Uri = new Uri(before.RabbitMq) }.CreateConnectionAsync();

        // A power cut of one, while somebody uses the other.
        await KillAsync(before.RabbitMqProcess);
        var after = await SetUpAsync();
        Assert.Equal(before.PostgresProcess, after.PostgresProcess);
        Assert.NotEqual(before.RabbitMqProcess, after.RabbitMqProcess);
        Assert.Equal(before.Postgres, after.Postgres);
        await AskAsync(database);

        await using var newBroker = await new ConnectionFactory { Uri = new Uri(after.RabbitMq) }.CreateConnectionAsync();
        await KillAsync(after.PostgresProcess);
        var last = await SetUpAsync();
        Assert.Equal(after.RabbitMqProcess, last.RabbitMqProcess);
        Assert.NotEqual(after.PostgresProcess, last.PostgresProcess);
        Assert.Equal(after.RabbitMq, last.RabbitMq);
        await using (await newBroker.CreateChannelAsync())
            Assert.True(newBroker.IsOpen);
        await using var newDatabase = await OpenDatabaseAsync(last.Postgres);
        await AskAsync(newDatabase);

        // Nothing is down, so nothing is done.
        Assert.Equal(last, await SetUpAsync());
        // What is told not to be done is not done.
        var down = await script.RunAsync("down", "--purge=false");
        Assert.Equal(0, down.ExitCode);
        Assert.NotEmpty(Directory.GetFileSystemEntries(script.LocalFolder));
        Assert.Equal(3, (await script.RunAsync("status")).ExitCode);
    }

    [ServersFact]
    public async Task Nobody_gets_in_without_a_password_that_their_owner_alone_can_read()
    {
        var servers = await SetUpAsync();
        var folder = Path.Combine(script.LocalFolder, "credentials");
        foreach (var each in (string[])[folder, .. Directory.GetDirectories(folder)])
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(each));
        var files = Directory.GetFiles(folder, "*", SearchOption.AllDirectories);
        Assert.Contains(Path.Combine(folder, "rabbitmq", "administrator"), files);
        Assert.Contains(Path.Combine(folder, "postgresql", "monitor"), files);
        Assert.All(files, file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
        Assert.Equal(files.Length, files.Select(File.ReadAllText).Distinct().Count());

        var known = new UriBuilder(servers.RabbitMq) { UserName = "guest", Password = "guest" }.Uri;
        await Assert.ThrowsAnyAsync<Exception>(() => new ConnectionFactory { Uri = known }.CreateConnectionAsync());
        foreach (var user in (string[])["justrunit", "justrunit_monitor", "justrunit_append", "postgres"])
        {
            foreach (var password in (string[])["", "guest"])
            {
                var address = new NpgsqlConnectionStringBuilder(servers.Postgres)
                {
                    Username = user,
                    Password = password,
                    Passfile = "/dev/null",
                };
                var refused = await Assert.ThrowsAnyAsync<NpgsqlException>(() => OpenDatabaseAsync(address.ConnectionString));
                Assert.True(refused is not PostgresException e || e.SqlState.StartsWith("28", StringComparison.Ordinal), refused.Message);
            }
        }
    }

    private static async Task<NpgsqlConnection> OpenDatabaseAsync(string address)
    {
        var connection = new NpgsqlConnection(address);
        await connection.OpenAsync();
        return connection;
    }

    private static async Task AskAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT 1", connection);
        Assert.Equal(1, await command.ExecuteScalarAsync());
    }

    private static async Task KillAsync(int process)
    {
        using var server = Process.GetProcessById(process);
        server.Kill();
        await server.WaitForExitAsync();
    }

    /// <summary>Sets up the servers; their addresses, and their processes by 'status'.</summary>
    private async Task<Servers> SetUpAsync()
    {
        var setUp = await script.RunAsync("setup", "--servers-only");
        Assert.True(setUp.ExitCode == 0, setUp.Errors);
        var addresses = setUp.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair[1]);
        var status = await script.RunAsync("status");
        Assert.Equal((0, ""), (status.ExitCode, status.Errors));
        var processes = Running().Matches(status.Output).ToDictionary(
            match => match.Groups[1].Value, match => int.Parse(match.Groups[2].Value));
        return new Servers(
            addresses["JUSTRUNIT_POSTGRES"], addresses["JUSTRUNIT_RABBITMQ"], processes["PostgreSQL"], processes["RabbitMQ"]);
    }

    [GeneratedRegex(@"^(\w+) +running  process ([0-9]+)", RegexOptions.Multiline)]
    private static partial Regex Running();

    private sealed record Servers(string Postgres, string RabbitMq, int PostgresProcess, int RabbitMqProcess);
}
