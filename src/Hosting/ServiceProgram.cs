using System.Reflection;
using System.Runtime.ExceptionServices;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Files;
using JustRunIt.Hosting.Logging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JustRunIt.Hosting;

/// <summary>
/// The whole of a process' <c>Main</c>: command line, help, and exit code. What is wrong in a configuration is one line on
/// standard error and exit code 2, and nothing is started.
/// </summary>
public static partial class ServiceProgram
{
    /// <summary>Command line argument after the configuration: only reads and checks it.</summary>
    public const string Check = "--check";

    /// <summary>Last command line argument: only makes the schema of the database, as its owner, and ends.</summary>
    public const string Schema = "--schema";

    private const string FileHelp =
        "  --config FILE  YAML or JSON; docs/configuration.md describes it\n"
        + $"  {Check}        only reads the file, and says what is wrong in it\n";

    private const int Failure = 1;
    private const int BadInput = 2;

    /// <summary>Runs a process without a configuration file to its end.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="purpose">One line for <c>--help</c>.</param>
    /// <param name="build">Builds what is run.</param>
    public static Task<int> RunAsync(string[] args, string purpose, Func<HostApplicationBuilder> build) =>
        RunAsync(args, purpose, "", () => args is [] or [Schema]
            ? build()
            : throw new ConfigurationException($"command line: '{string.Join(' ', args)}'; allowed is {Schema} or --help"));

    /// <summary>Runs a process with a configuration file to its end.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="purpose">One line for <c>--help</c>.</param>
    /// <param name="read">Reads and checks the file, and does nothing else.</param>
    /// <param name="build">Builds what is run from what was read.</param>
    /// <param name="schema">Builds what can make a schema; null for what has none.</param>
    public static Task<int> RunAsync<TSettings>(
        string[] args,
        string purpose,
        Func<string, TSettings> read,
        Func<TSettings, HostApplicationBuilder> build,
        Func<HostApplicationBuilder>? schema = null) =>
        RunAsync(args, purpose, $" --config FILE [{Check}]", () => args switch
        {
            ["--config", var file] => build(read(file)),
            [Schema] when schema is not null => schema(),
            ["--config", var file, Check] => Checked(read(file)),
            _ => throw new ConfigurationException(
                $"command line: '{string.Join(' ', args)}'; allowed is --config FILE, with {Check} or without, "
                + $"{(schema is null ? "" : $"{Schema}, ")}or --help"),
        });

    private static HostApplicationBuilder? Checked<TSettings>(TSettings settings)
    {
        _ = settings;
        return null;
    }

    private static async Task<int> RunAsync(string[] args, string purpose, string arguments, Func<HostApplicationBuilder?> build)
    {
        OwnerOnly.ForWholeProcess();
        if (args is ["--help"] or ["-h"])
        {
            await Console.Out.WriteLineAsync(Help(purpose, arguments)).ConfigureAwait(false);
            return 0;
        }

        // Whatever is thrown where nobody awaits it: one line, not the runtime's abort with a stack trace (exit code 134).
        AppDomain.CurrentDomain.UnhandledException += (_, unhandled) =>
        {
            Console.Error.WriteLine(unhandled.ExceptionObject is Exception e ? OneLine.Of(e) : "an unknown failure");
            Environment.Exit(Failure);
        };
        IHost? host = null;
        try
        {
            if (build() is not { } builder)
                return 0;
            host = builder.Build();
            if (args is [.., Schema])
                await SetUpAsync(host).ConfigureAwait(false);
            else
                await RunAsync(host).ConfigureAwait(false);
            return 0;
        }
        catch (ConfigurationException e)
        {
            await Console.Error.WriteLineAsync(OneLine.Of(e.Message)).ConfigureAwait(false);
            return BadInput;
        }
        catch (Exception e)
        {
            // The details are in the log file, where there is one.
            if (host?.Services.GetService<ILoggerFactory>() is { } loggers)
                Log.Failed(loggers.CreateLogger(typeof(ServiceProgram)), OneLine.Of(e), e);
            else
                await Console.Error.WriteLineAsync(OneLine.Of(e)).ConfigureAwait(false);
            return Failure;
        }
        finally
        {
            if (host is not null)
                await ((IAsyncDisposable)host).DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async Task SetUpAsync(IHost host)
    {
        var all = host.Services.GetServices<ISetUp>().ToList();
        if (all.Count == 0)
            throw new ConfigurationException($"command line: '{Schema}'; this process has no schema");
        foreach (var each in all)
            await each.SetUpAsync(CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>
    /// What has started is stopped orderly also when the rest never starts, because the process is told to end while it waits for a
    /// server, or is refused by one: what a proxy has redirected must be taken back.
    /// </summary>
    private static async Task RunAsync(IHost host)
    {
        var ended = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        try
        {
            await host.StartAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await host.StopAsync().ConfigureAwait(false);
            if (e is OperationCanceledException && ended.IsCancellationRequested)
                return;
            throw;
        }

        await host.WaitForShutdownAsync().ConfigureAwait(false);
        // One that failed has ended the host; its reason is the process'.
        foreach (var work in host.Services.GetServices<IHostedService>().OfType<BackgroundService>())
        {
            if (work.ExecuteTask is { IsFaulted: true, Exception: { } failure })
                ExceptionDispatchInfo.Throw(failure.InnerExceptions is [var only] ? only : failure);
        }
    }

    private static string Help(string purpose, string arguments) =>
        $"""
        {purpose}

        Usage: dotnet {Assembly.GetEntryAssembly()?.GetName().Name}.dll{arguments}
        {(arguments.Length > 0 ? $"\n{FileHelp}" : "")}
        Environment
          {EnvironmentVariables.RabbitMq}  address of RabbitMQ, amqp://USER:PASSWORD@HOST:PORT/VHOST, or amqps:// for TLS
          {EnvironmentVariables.Relay}  the same of the user who hands events over; services only
          {EnvironmentVariables.Postgres}  Npgsql connection string; not needed by host agents and proxy nodes
          {EnvironmentVariables.Authority} roles (default) or none: whether it is checked who may say what
          {EnvironmentVariables.Logs}      folder of the log files; not set: none are written
          {EnvironmentVariables.LogLevel} {LogSettings.AllowedLevels} (default Information);
                              {EnvironmentVariables.LogLevel}__SOURCE likewise, for one source and all below it

        {Schema} as last argument makes the schema of a service's database, as its owner, and ends.

        Exit codes: 0 ended orderly, 1 failure, 2 bad input.
        """;

    private static partial class Log
    {
        [LoggerMessage(EventId = 1000, Level = LogLevel.Critical, Message = "the process ends: {Reason}")]
        public static partial void Failed(ILogger logger, string reason, Exception exception);
    }
}
