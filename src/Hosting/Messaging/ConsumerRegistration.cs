using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JustRunIt.Hosting.Messaging;

/// <summary>The consumers of one process: one class a message, each with a queue of its own.</summary>
public sealed class ConsumerRegistration
{
    private readonly List<Entry> entries = [];

    internal IReadOnlyList<Entry> Entries => entries;

    /// <summary>Adds a consumer.</summary>
    /// <param name="atOnce">How many messages it may handle at a time.</param>
    /// <typeparam name="TConsumer">The consumer.</typeparam>
    /// <typeparam name="TMessage">Its message.</typeparam>
    public ConsumerRegistration Add<TConsumer, TMessage>(int atOnce = 1)
        where TConsumer : class, IConsumer<TMessage>
        where TMessage : class
    {
        entries.Add(new Entry(
            typeof(TMessage),
            atOnce,
            registration => registration.AddConsumer<TConsumer>(),
            (endpoint, context, reader) => endpoint.ConfigureConsumer<TConsumer>(
                context,
                consumer => consumer.Message<TMessage>(pipe => pipe.UseFilter(new CommandFilter<TMessage>(
                    reader,
                    context.GetService<TimeProvider>() ?? TimeProvider.System,
                    context.GetRequiredService<ILogger<CommandFilter<TMessage>>>())))),
            context => context.TryGetMessage<TMessage>(out var message) ? message.Message : null));
        return this;
    }

    internal sealed record Entry(
        Type Message,
        int AtOnce,
        Action<IBusRegistrationConfigurator> Register,
        Action<IReceiveEndpointConfigurator, IBusRegistrationContext, string> Configure,
        Func<ConsumeContext, object?> Read);
}
