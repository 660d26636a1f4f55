using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Events;

namespace JustRunIt.Hosting.Logging;

/// <summary>
/// Logging of a process: lines for people on standard output (errors on standard error), and, where a folder is given, every event
/// with all its properties in a file of its own there.
/// </summary>
public static class ProcessLog
{
    /// <summary>Adds it.</summary>
    /// <param name="builder">The process.</param>
    /// <param name="process">Its name: a service's, or <c>host-agent.NAME</c>, or <c>proxy-node.NAME</c>.</param>
    /// <param name="given">What is logged; null for <see cref="LogSettings.FromEnvironment"/>.</param>
    public static void Add(IHostApplicationBuilder builder, string process, LogSettings? given = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var settings = given ?? LogSettings.FromEnvironment();
        var file = settings.Folder is { } folder ? LogFolder.Prepare(folder, process) : null;
        builder.Logging.ClearProviders();
        // A logger for each host, not one for the process: tests run several hosts in one.
        builder.Services.AddSerilog((_, logger) => Configure(logger, process, settings, file), preserveStaticLogger: true);
    }

    private static void Configure(LoggerConfiguration logger, string process, LogSettings settings, string? file)
    {
        logger.MinimumLevel.Is(settings.Level)
            .Enrich.FromLogContext()
            .Enrich.WithProperty(LogProperties.Service, process)
            .Enrich.WithProperty(LogProperties.Host, Environment.MachineName)
            .Enrich.WithProperty(LogProperties.ProcessId, Environment.ProcessId)
            .Enrich.With(new RedactingEnricher())
            .WriteTo.Console(new LineFormatter(), standardErrorFromLevel: LogEventLevel.Error);
        foreach (var (source, level) in settings.Levels)
            logger.MinimumLevel.Override(source, level);
        if (file is not null)
        {
            logger.WriteTo.File(
                new ClefFormatter(),
                file,
                fileSizeLimitBytes: LogFolder.FileSize,
                rollOnFileSizeLimit: true,
                retainedFileCountLimit: LogFolder.FilesOfOneProcess,
                hooks: new OwnerOnlyHooks());
        }
    }
}
