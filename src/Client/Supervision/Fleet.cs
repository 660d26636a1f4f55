using System.Diagnostics;
using JustRunIt.Events;
using JustRunIt.Events.Authority;
using JustRunIt.Events.Store;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Messaging.Authority;
using Npgsql;

namespace JustRunIt.Client.Supervision;

/// <summary>The processes of the system on this machine: each startable alone, sharing nothing but RabbitMQ and PostgreSQL.</summary>
/// <param name="connections">Where these are, and who administers them.</param>
/// <param name="folder">Where their logs go.</param>
/// <param name="credentials">The passwords of all roles; each process is given its own. Null for those of the environment.</param>
public sealed class Fleet(Connections connections, string folder, CredentialFolder? credentials = null) : IAsyncDisposable
{
    /// <summary>Variable by which what a fleet has started is found again: its folder.</summary>
    public const string FolderVariable = "JUSTRUNIT_FLEET";

    private const string Service = "Services.";
    private const string Agent = "HostAgent";
    private const string Node = "ProxyNode";

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

    /// <summary>The role of a host agent or proxy node, as its configuration file names it.</summary>
    /// <exception cref="ConfigurationException">The file names none.</exception>
    public static Speaker SpeakerOf(string project, string file) => project switch
    {
        Agent => new Speaker(Roles.Of(Catalog.HostAgent), YamlField.Root(file).Required("agent").Text()),
        Node => new Speaker(Roles.Of(Catalog.ProxyNode), YamlField.Root(file).Required("node").Text()),
        _ => throw new ArgumentException($"{project} has no names", nameof(project)),
    };

    /// <summary>Before any starts: gives all roles their rights, and makes the schema as its owner.</summary>
    /// <param name="named">Those that have names.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ConfigurationException">A server refuses that; says why.</exception>
    public async Task PrepareAsync(IEnumerable<Speaker> named, CancellationToken cancellation)
    {
        if (credentials is null)
            return;
        var schema = Task.WhenAll(Services.Select(service => MakeSchemaAsync(service, cancellation)));
        await RoleSetup.ApplyAsync(credentials, connections.RabbitMq, named, cancellation).ConfigureAwait(false);
        await schema.ConfigureAwait(false);
    }

    /// <summary>Starts one.</summary>
    public ChildProcess Start(string project, params string[] arguments)
    {
        var assembly = AssemblyOf(project);
        var process = ChildProcess.Start(
            project,
            assembly,
            arguments,
            new Dictionary<string, string>(EnvironmentOf(project, arguments))
            {
                [EnvironmentVariables.Logs] = Programs.LogFolder,
                [FolderVariable] = folder,
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

    /// <summary>What a process is told of the servers: its own user, and nobody else's.</summary>
    private Dictionary<string, string> EnvironmentOf(string project, string[] arguments)
    {
        if (credentials is null)
        {
            return new Dictionary<string, string>
            {
                [Connections.PostgresVariable] = connections.Postgres,
                [Connections.RabbitMqVariable] = connections.RabbitMq.ToString(),
            };
        }

        var isService = project.StartsWith(Service, StringComparison.Ordinal);
        var speaker = isService
            ? new Speaker(Roles.Of(project[Service.Length..].ToLowerInvariant()), null)
            : SpeakerOf(project, arguments[1]);
        var isSealer = speaker.Role.Name == Catalog.Checker;
        return new Dictionary<string, string>
        {
            [Connections.RabbitMqVariable] = $"{credentials.BrokerAddress(connections.RabbitMq, speaker)}",
            [EnvironmentVariables.Relay] =
                isService ? $"{credentials.BrokerAddress(connections.RabbitMq, new Speaker(Roles.Of(Roles.Relay), null))}" : "",
            [Connections.PostgresVariable] = isService ? DatabaseOf(speaker, credentials) : "",
            [EnvironmentVariables.Authority] = "roles",
            [EnvironmentVariables.SealKey] = isSealer ? Given(EnvironmentVariables.SealKey) ?? credentials.SealKeyFile() : "",
            [EnvironmentVariables.Checkpoint] = isSealer
                ? Given(EnvironmentVariables.Checkpoint) ?? Path.Combine(folder, "checkpoint")
                : "",
            [EnvironmentVariables.Credentials] = "",
            [RoleSetup.ControlVariable] = "",
        };
    }

    private static string? Given(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;

    private string DatabaseOf(Speaker service, CredentialFolder from) => new NpgsqlConnectionStringBuilder(connections.Postgres)
    {
        Username = $"justrunit_{service.Role.Name}",
        Password = from.DatabasePassword(service.Role.Name),
    }.ConnectionString;

    private async Task MakeSchemaAsync(string project, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("dotnet", [AssemblyOf(project), ServiceProgram.Schema])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[Connections.PostgresVariable] = connections.Postgres;
        start.Environment[Connections.RabbitMqVariable] = connections.RabbitMq.ToString();
        start.Environment[EnvironmentVariables.Authority] = "none";
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEndAsync(cancellation);
        var errors = await process.StandardError.ReadToEndAsync(cancellation).ConfigureAwait(false);
        await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        if (process.ExitCode != 0)
        {
            var output = await said.ConfigureAwait(false);
            throw new ConfigurationException($"{project} {ServiceProgram.Schema}: {errors.Trim()} {output.Trim()}");
        }
    }

    private static string AssemblyOf(string project)
    {
        var assembly = Programs.OfProduct(project);
        return File.Exists(assembly) ? assembly : throw new ConfigurationException($"{assembly}: not built; run './justrunit setup'");
    }
}
