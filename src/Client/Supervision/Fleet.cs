using System.Diagnostics;
using JustRunIt.Events.Store;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.Client.Supervision;

/// <summary>The processes of the system on this machine: each startable alone, sharing nothing but RabbitMQ and PostgreSQL.</summary>
public sealed class Fleet(Connections connections, string folder) : IAsyncDisposable
{
    /// <summary>The five services, by project.</summary>
    public static readonly IReadOnlyList<string> Services =
        ["Services.Monitor", "Services.Experimenter", "Services.Interpolator", "Services.Checker", "Services.Placement"];

    private readonly Dictionary<string, (ChildProcess Process, string[] Arguments)> running = [];

    /// <summary>What runs.</summary>
    public IReadOnlyCollection<ChildProcess> Running => [.. running.Values.Select(entry => entry.Process)];

    /// <summary>What is wrong in a project's configuration file, as the project itself says it; null when nothing is.</summary>
    public static async Task<string?> CheckAsync(string project, string file, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("dotnet", [AssemblyOf(project), "--config", file, ServiceProgram.Check])
        {
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var said = await process.StandardError.ReadToEndAsync(cancellation).ConfigureAwait(false);
        await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        return process.ExitCode == 0 ? null : said.Trim();
    }

    /// <summary>Starts one.</summary>
    public ChildProcess Start(string project, params string[] arguments)
    {
        var assembly = AssemblyOf(project);
        var process = ChildProcess.Start(
            project,
            assembly,
            arguments,
            new Dictionary<string, string>
            {
                [Connections.PostgresVariable] = connections.Postgres,
                [Connections.RabbitMqVariable] = connections.RabbitMq.ToString(),
                [EnvironmentVariables.Logs] = Programs.LogFolder,
                ["DOTNET_gcServer"] = "0",
                ["DOTNET_TieredPGO"] = "0",
            },
            Path.Combine(folder, "logs", $"{project}.log"));
        running[project] = (process, arguments);
        return process;
    }

    /// <summary>Ends one at once and starts it again.</summary>
    public async Task KillAndRestartAsync(string project)
    {
        var (process, arguments) = running[project];
        await process.KillAsync().ConfigureAwait(false);
        await process.DisposeAsync().ConfigureAwait(false);
        Start(project, arguments);
    }

    /// <summary>The first that ended by itself, if any.</summary>
    public ChildProcess? FirstFailed() => Running.FirstOrDefault(process => process.HasExited);

    /// <inheritdoc />
    public async ValueTask DisposeAsync() =>
        await Task.WhenAll(Running.Select(process => process.DisposeAsync().AsTask())).ConfigureAwait(false);

    private static string AssemblyOf(string project)
    {
        var assembly = Programs.OfProduct(project);
        return File.Exists(assembly) ? assembly : throw new ConfigurationException($"{assembly}: not built; run './justrunit setup'");
    }
}
