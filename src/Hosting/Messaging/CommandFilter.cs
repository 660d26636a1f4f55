using System.Diagnostics;
using JustRunIt.Events;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.Hosting.Messaging;

/// <summary>
/// Before a consumer: a message whose names break the grammar (<see cref="MessageNames"/>), and a command that has expired, go no
/// further. A command is answered with the reason; whatever nobody waits for an answer to goes to the error queue with it.
/// </summary>
/// <param name="reader">Who reads: the name that an answer bears.</param>
/// <param name="clock">What expires is judged by.</param>
/// <param name="logger">Hears of each.</param>
/// <typeparam name="TMessage">The message.</typeparam>
internal sealed class CommandFilter<TMessage>(string reader, TimeProvider clock, ILogger logger) : IFilter<ConsumeContext<TMessage>>
    where TMessage : class
{
    public async Task Send(ConsumeContext<TMessage> context, IPipe<ConsumeContext<TMessage>> next)
    {
        var (message, begin) = (context.Message, Stopwatch.GetTimestamp());
        // One that an agent is given again may have been carried out, and is refused by nobody who does not know.
        var problem = message is IDomainEvent ? null
            : MessageNames.Problem(message)
            ?? (message is IAgentCommand && context.ReceiveContext.Redelivered ? null : Expired(message));
        if (problem is null)
        {
            await next.Send(context).ConfigureAwait(false);
            return;
        }

        if (message is not IAnsweredCommand command || Refusals.Of(command, reader, problem, clock.GetUtcNow()) is not { } answer)
            throw new MalformedMessageException(problem);
        CommandLog.Refused(logger, Wire.NameOf(typeof(TMessage)), problem);
        await Answers.PublishAsync(context, command.RequestId, answer).ConfigureAwait(false);
        // Otherwise it would pass for one that nobody wanted, and be kept with what was skipped.
        await context.NotifyConsumed(Stopwatch.GetElapsedTime(begin), nameof(CommandFilter<>)).ConfigureAwait(false);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("commands");

    private string? Expired(TMessage message) =>
        message is IAnsweredCommand { ExpiresAt: { } end } && end <= clock.GetUtcNow() ? Answers.Expired(end) : null;
}
