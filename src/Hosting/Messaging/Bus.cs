using System.Text.Json;
using JustRunIt.Events;
using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Messaging.Authority;
using JustRunIt.Hosting.Messaging.Connecting;
using MassTransit;
using MassTransit.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JustRunIt.Hosting.Messaging;

/// <summary>MassTransit on RabbitMQ: raw JSON, a queue a message and reader, and redeliveries that outlast an outage.</summary>
internal static class Bus
{
    private const string UsageTelemetryVariable = "MASSTRANSIT_USAGE_TELEMETRY";
    private const int ConflictRetries = 20;

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);

    /// <summary>A server that restarts is often back by then; what takes longer is not waited for with a message in hand.</summary>
    private static readonly TimeSpan[] OutageRetries =
        [TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(400), TimeSpan.FromMilliseconds(1500)];

    public static void Add(
        IServiceCollection services,
        Uri rabbitMq,
        string reader,
        BrokerIdentity identity,
        ConsumerRegistration registration,
        RetryRules retries)
    {
        // The library's own variable goes above the option.
        Environment.SetEnvironmentVariable(UsageTelemetryVariable, "false");
        services.AddMassTransit(configurator =>
        {
            // Nothing of what runs here is reported to the library's makers.
            configurator.DisableUsageTelemetry();
            foreach (var entry in registration.Entries)
                entry.Register(configurator);
            configurator.UsingRabbitMq((context, bus) =>
            {
                var outage = new Outage(context.GetRequiredService<ILogger<Outage>>());
                Connect(bus, rabbitMq, reader);
                bus.MessageTopology.SetEntityNameFormatter(new WireNameFormatter());
                bus.ConfigureJsonSerializerOptions(Configure);
                bus.ClearSerialization();
                bus.UseRawJsonSerializer(RawSerializerOptions.AnyMessageType | RawSerializerOptions.AddTransportHeaders, isDefault: true);
                bus.UseRawJsonDeserializer(RawSerializerOptions.AnyMessageType, isDefault: true);
                LeaveExchangesToOthers(bus);
                foreach (var filter in new OutgoingFilter[] { new UserFilter(identity.User), new CausationFilter() })
                {
                    bus.ConfigureSend(pipe => ((IPipeConfigurator<SendContext>)pipe).UseFilter(filter));
                    bus.ConfigurePublish(pipe => ((IPipeConfigurator<PublishContext>)pipe).UseFilter(filter));
                }

                foreach (var entry in registration.Entries)
                {
                    bus.ReceiveEndpoint(Names.Queue(reader, entry.Message), endpoint =>
                    {
                        endpoint.ConfigureConsumeTopology = false;
                        // Nobody reads them, and to whom they would go has no name in the catalogue.
                        endpoint.PublishFaults = false;
                        endpoint.SetQuorumQueue();
                        endpoint.ConfigureChannel(channel => channel.UseFilter(context.GetRequiredService<BrokerAlarm>()));
                        if (Catalog.IsInOrder(entry.Message))
                            endpoint.SingleActiveConsumer = true;
                        endpoint.PrefetchCount = Math.Max(32, entry.AtOnce);
                        endpoint.ConcurrentMessageLimit = entry.AtOnce;
                        // Commands are sent to the queue itself; everything else comes through the message's exchange: TopologySetup has
                        // bound it, which need not declare it for that.
                        var unanswered = new UnansweredFilter(
                            entry.Message,
                            identity,
                            Names.Own(reader),
                            context.GetRequiredService<IBus>,
                            context.GetService<TimeProvider>() ?? TimeProvider.System,
                            context.GetRequiredService<ILogger<UnansweredFilter>>());
                        endpoint.ConfigureError(pipe =>
                        {
                            pipe.UseFilter(new KeptBodyFilter(entry.Message));
                            pipe.UseFilter(new FaultFilter(entry.Message, context.GetRequiredService<ILogger<FaultFilter>>()));
                            pipe.UseFilter((IFilter<ExceptionReceiveContext>)unanswered);
                            ((IPipeConfigurator<ExceptionReceiveContext>)pipe).UseFilter(new SetAsideFilter(identity.User));
                            pipe.UseFilter(new ErrorTransportFilter());
                        });
                        endpoint.ConfigureDeadLetter(pipe =>
                        {
                            pipe.UseFilter((IFilter<ReceiveContext>)unanswered);
                            ((IPipeConfigurator<ReceiveContext>)pipe).UseFilter(new SetAsideFilter(identity.User));
                            pipe.UseFilter(new UnreadFilter(entry.Message));
                        });
                        ((IPipeConfigurator<ConsumeContext>)endpoint).UseFilter(new RedeliveryFilter(
                            Names.Queue(reader, entry.Message),
                            entry.Message,
                            Catalog.IsInOrder(entry.Message) && entry.AtOnce == 1,
                            identity.User,
                            retries,
                            outage,
                            context.GetRequiredService<ILogger<RedeliveryFilter>>()));
                        ((IPipeConfigurator<ConsumeContext>)endpoint).UseFilter(
                            new HandlingFilter(entry.Message, context.GetRequiredService<ILogger<HandlingFilter>>()));
                        ((IPipeConfigurator<ConsumeContext>)endpoint).UseFilter(new AuthorityFilter(
                            entry.Message,
                            entry.Read,
                            identity,
                            context.GetRequiredService<RefusalMeter>(),
                            context.GetRequiredService<ILogger<AuthorityFilter>>()));
                        endpoint.UseMessageRetry(retry =>
                        {
                            retry.Handle<Exception>(e => !outage.IsKnown && retries.IsOutage(e));
                            retry.Intervals(OutageRetries);
                        });
                        endpoint.UseMessageRetry(retry =>
                        {
                            retry.Handle<Exception>(retries.IsConflict.Invoke);
                            retry.Intervals([.. Enumerable.Range(1, ConflictRetries).Select(i => TimeSpan.FromMilliseconds(2 * i))]);
                            retry.ConnectRetryObserver(new RetryLog(context.GetRequiredService<ILogger<RetryLog>>()));
                        });
                        entry.Configure(endpoint, context, Names.Own(reader));
                    });
                }
            });
        });
        services.Configure<MassTransitHostOptions>(options => options.WaitUntilStarted = true);
    }

    private static void Connect(IRabbitMqBusFactoryConfigurator bus, Uri rabbitMq, string reader)
    {
        // Read once: what is wrong with a certificate's file is told when the process starts.
        var factory = BrokerConnections.FactoryFor(rabbitMq, reader);
        bus.Host(rabbitMq.Host, (ushort)factory.Port, factory.VirtualHost, host =>
        {
            // Whoever stands still is taken for dead after two of them, and another instance goes on with what is heard in order.
            host.Heartbeat(Heartbeat);
            host.Username(factory.UserName);
            host.Password(factory.Password);
            host.OnRefreshConnectionFactory = made =>
            {
                // The library takes TLS from the port, and bears certificates of any authority.
                made.Ssl = factory.Ssl;
                return Task.CompletedTask;
            };
        });
    }

    /// <summary>Exchanges of messages are made before this process: it publishes to them, and declares none.</summary>
    private static void LeaveExchangesToOthers(IRabbitMqBusFactoryConfigurator bus)
    {
        foreach (var type in Wire.Types.SelectMany(type => type.GetInterfaces().Append(type)).Distinct())
        {
            if (type.Namespace?.StartsWith("JustRunIt", StringComparison.Ordinal) == true)
                bus.PublishTopology.GetMessageTopology(type).Exclude = true;
        }
    }

    private static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        options.RespectNullableAnnotations = Wire.Json.RespectNullableAnnotations;
        options.RespectRequiredConstructorParameters = Wire.Json.RespectRequiredConstructorParameters;
        options.PropertyNamingPolicy = Wire.Json.PropertyNamingPolicy;
        return options;
    }

    private sealed class WireNameFormatter : IEntityNameFormatter
    {
        public string FormatEntityName<T>() => typeof(T) is { IsClass: true } type && Wire.Types.Contains(type)
            ? Names.Exchange(type)
            : $"masstransit.{typeof(T).Name}";
    }
}
