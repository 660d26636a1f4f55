using System.Diagnostics;
using System.Text.Json;
using JustRunIt.Client.Supervision;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Store;
using JustRunIt.Hosting;

namespace JustRunIt.EndToEnd.Tests;

/// <summary>The product's commands as whoever administers a scene's servers calls them, each a process of its own.</summary>
internal sealed class OperatorConsole(RoleServers servers)
{
    /// <summary>The program of the commands.</summary>
    public static string Program => Programs.OfProduct("Console");

    /// <summary>What the commands are told of the servers.</summary>
    public Dictionary<string, string> Environment { get; } = new()
    {
        [Connections.PostgresVariable] = servers.Administrator.Postgres,
        [Connections.RabbitMqVariable] = servers.Administrator.RabbitMq.ToString(),
        [EnvironmentVariables.Credentials] = servers.CredentialsFolder,
    };

    /// <summary>Runs a command to its end.</summary>
    public Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments) =>
        RunProgramAsync("dotnet", [Program, .. arguments]);

    /// <summary>Runs a program to its end that calls a command.</summary>
    public async Task<(int Code, string Output, string Errors)> RunProgramAsync(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in Environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }

    /// <summary>The only host that answers.</summary>
    public async Task<HostReported> HostAsync()
    {
        var (code, output, errors) = await RunAsync("hosts", "--json");
        Assert.True(code == 0, errors);
        return Assert.Single(HostsIn(output));
    }

    /// <summary>The hosts that <c>hosts --json</c> has written.</summary>
    public static List<HostReported> HostsIn(string output)
    {
        using var json = JsonDocument.Parse(output);
        return json.RootElement.GetProperty("hosts").Deserialize<List<HostReported>>(Wire.Json)!;
    }
}
