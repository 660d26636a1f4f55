using JustRunIt.Events.Store.Configuration;
using JustRunIt.Events.Store.Messaging;
using JustRunIt.Events.Store.Relaying;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace JustRunIt.Events.Store.Hosting;

/// <summary>Builds the processes of the system: all that a service, a host agent and a proxy node have in common.</summary>
public static class ServiceHost
{
    /// <summary>
    /// A service that owns streams: Marten, the relay, and the consumers that <paramref name="consumers"/> registers.
    /// </summary>
    /// <param name="service">The service's name in <see cref="Catalog"/>.</param>
    /// <param name="args">The command line, for host settings.</param>
    /// <param name="consumers">Registers one consumer a message.</param>
    public static HostApplicationBuilder CreateService(string service, string[] args, Action<ConsumerRegistration> consumers)
    {
        var connections = Connections.FromEnvironment();
        var builder = CreateBuilder(args);
        builder.Services.AddSingleton(connections);
        builder.Services.AddSingleton(_ => CreateDataSource(connections, service));
        builder.Services.AddSingleton<IDocumentStore>(provider =>
            DocumentStore.For(options => StoreSetup.Configure(options, provider.GetRequiredService<NpgsqlDataSource>())));
        builder.Services.AddSingleton<EventStore>();
        builder.Services.AddSingleton(new RelaySettings(service));
        builder.Services.AddHostedService<SchemaSetup>();
        builder.Services.AddHostedService(_ => new TopologySetup(connections.RabbitMq, service));
        builder.Services.AddHostedService<Relay>();
        Bus.Add(builder.Services, connections.RabbitMq, service, consumers);
        return builder;
    }

    /// <summary>A process that has no database and owns no stream: a host agent or a proxy node.</summary>
    /// <param name="reader">Its name as a reader of queues, see <see cref="Names"/>.</param>
    /// <param name="args">The command line, for host settings.</param>
    /// <param name="consumers">Registers one consumer a command.</param>
    public static HostApplicationBuilder CreateBusOnly(string reader, string[] args, Action<ConsumerRegistration> consumers)
    {
        var rabbitMq = Connections.ReadRabbitMq();
        var builder = CreateBuilder(args);
        builder.Services.AddHostedService(_ => new TopologySetup(rabbitMq, reader));
        Bus.Add(builder.Services, rabbitMq, reader, consumers);
        return builder;
    }

    /// <summary>
    /// Runs a process to its end. Configuration that cannot be used is one line on standard error and exit code 2.
    /// </summary>
    public static async Task<int> RunAsync(Func<HostApplicationBuilder> build)
    {
        ArgumentNullException.ThrowIfNull(build);
        try
        {
            using var host = build().Build();
            await host.RunAsync().ConfigureAwait(false);
            return 0;
        }
        catch (ConfigurationException e)
        {
            await Console.Error.WriteLineAsync(e.Message).ConfigureAwait(false);
            return 2;
        }
    }

    /// <summary>A data source whose commands are prepared once they recur.</summary>
    public static NpgsqlDataSource CreateDataSource(Connections connections, string name)
    {
        ArgumentNullException.ThrowIfNull(connections);
        var builder = new NpgsqlDataSourceBuilder(connections.Postgres);
        builder.ConnectionStringBuilder.ApplicationName = $"justrunit-{name}";
        builder.ConnectionStringBuilder.MaxAutoPrepare = 50;
        builder.ConnectionStringBuilder.AutoPrepareMinUsages = 3;
        return builder.Build();
    }

    private static HostApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings
        {
            Args = args,
            DisableDefaults = true,
        });
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Logging.AddSimpleConsole(options =>
        {
            options.SingleLine = true;
            options.UseUtcTimestamp = true;
            options.TimestampFormat = "HH:mm:ss.fff ";
        });
        builder.Logging.SetMinimumLevel(LogLevel.Information);
        builder.Logging.AddFilter("MassTransit", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        // Marten logs the loser of every optimistic race as a failure; the consumer's retry deals with it.
        builder.Logging.AddFilter("Marten", LogLevel.Critical);
        builder.Logging.AddFilter("Npgsql", LogLevel.Warning);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(10));
        return builder;
    }
}
