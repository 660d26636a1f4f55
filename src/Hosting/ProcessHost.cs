using JustRunIt.Hosting.Logging;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Hosting.Messaging.Authority;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JustRunIt.Hosting;

/// <summary>Builds the processes of the system: all that a service, a host agent and a proxy node have in common.</summary>
public static class ProcessHost
{
    /// <summary>A process that has no database and owns no stream: a host agent or a proxy node.</summary>
    /// <param name="reader">Its name as a reader of queues, see <see cref="Names"/>.</param>
    /// <param name="consumers">Registers one consumer a command.</param>
    /// <param name="given">Where RabbitMQ is; null for <see cref="Broker.FromEnvironment"/>.</param>
    public static HostApplicationBuilder CreateBusOnly(string reader, Action<ConsumerRegistration> consumers, Uri? given = null)
    {
        var rabbitMq = given ?? Broker.FromEnvironment();
        var builder = CreateBuilder(reader);
        AddBus(builder, rabbitMq, reader, consumers, RetryRules.None);
        return builder;
    }

    /// <summary>A process without a bus: clock, logging, and the time that it has to end.</summary>
    /// <param name="name">Its name in the logs.</param>
    public static HostApplicationBuilder CreateBuilder(string name)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings
        {
            DisableDefaults = true,
        });
        builder.Services.AddSingleton(TimeProvider.System);
        ProcessLog.Add(builder, name);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(10));
        return builder;
    }

    /// <summary>Adds the bus: topology first, then the consumers. What is registered before is started before.</summary>
    /// <param name="builder">The process.</param>
    /// <param name="rabbitMq">Where RabbitMQ is.</param>
    /// <param name="reader">The process' name as a reader of queues.</param>
    /// <param name="consumers">Registers one consumer a message.</param>
    /// <param name="retries">Which failures of a consumer are tried again.</param>
    public static void AddBus(
        HostApplicationBuilder builder, Uri rabbitMq, string reader, Action<ConsumerRegistration> consumers, RetryRules retries)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(consumers);
        var registration = new ConsumerRegistration();
        consumers(registration);
        var identity = BrokerIdentity.Of(rabbitMq, reader);
        builder.Services.AddSingleton(identity);
        builder.Services.AddSingleton<RefusalMeter>();
        builder.Services.AddSingleton<BrokerAlarm>();
        builder.Services.AddSingleton(services => new CommandSender(rabbitMq, $"commands-{reader}")
        {
            Alarm = services.GetRequiredService<BrokerAlarm>(),
        });
        builder.Services.AddHostedService(provider => new TopologySetup(
            rabbitMq,
            reader,
            identity,
            [.. registration.Entries.Select(entry => entry.Message)],
            provider.GetRequiredService<ILogger<TopologySetup>>()));
        Bus.Add(builder.Services, rabbitMq, reader, identity, registration, retries);
    }
}
