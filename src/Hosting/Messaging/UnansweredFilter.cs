using System.Text.Json;
using System.Text.Json.Nodes;
using JustRunIt.Events;
using JustRunIt.Events.Authority;
using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Logging;
using JustRunIt.Hosting.Messaging.Authority;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.Hosting.Messaging;

/// <summary>
/// Answers a command that is on its way to the error queue or to that of what was skipped, which is one that cannot be read, or whose
/// consumer failed in a way of its own: by whatever of its body, or else of its headers, says which request it is. A command that bears
/// neither is told of in a line, and the queue keeps it; so is one that its sender may not give, as far as can be read: an answer to it
/// would reach who never asked.
/// </summary>
/// <param name="message">The command's type.</param>
/// <param name="identity">Who this process is to the broker, and who others are.</param>
/// <param name="reader">Who reads: the name that an answer bears.</param>
/// <param name="bus">The bus, once it runs.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">Hears of each.</param>
internal sealed class UnansweredFilter(
    Type message, BrokerIdentity identity, string reader, Func<IBus> bus, TimeProvider clock, ILogger logger)
    : IFilter<ExceptionReceiveContext>, IFilter<ReceiveContext>
{
    private const int LongestReason = 500;
    private const string Subject = "subject";

    public async Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
    {
        // What is broken off because the process ends is delivered again; who may not command is not answered in the name of who may.
        if (message.IsAssignableTo(typeof(IAnsweredCommand))
            && context.Exception is not (OperationCanceledException or NotAuthorizedException))
        {
            await AnswerAsync(context, context.Exception).ConfigureAwait(false);
        }

        await next.Send(context).ConfigureAwait(false);
    }

    public async Task Send(ReceiveContext context, IPipe<ReceiveContext> next)
    {
        // What was moved to another queue was answered then, or waits there for a better time.
        if (message.IsAssignableTo(typeof(IAnsweredCommand)) && !context.TryGetPayload<MovedAway>(out _))
            await AnswerAsync(context, new MalformedMessageException("it holds no message")).ConfigureAwait(false);
        await next.Send(context).ConfigureAwait(false);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("unanswered");

    /// <summary>The reason that names the field, which may be in an outer exception.</summary>
    private static string Reason(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is JsonException or MalformedMessageException)
                return Short($"the command cannot be read: {OneLine.Of(e.Message)}");
        }

        return Short($"it could not be done: {OneLine.Of(exception)}");
    }

    private static string Short(string reason) => reason.Length > LongestReason ? reason[..LongestReason] : reason;

    private static JsonNode? Body(ReceiveContext context)
    {
        try
        {
            return JsonNode.Parse(context.Body.GetBytes());
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            // No JSON, or a field twice.
            return null;
        }
    }

    /// <summary>The services' streams that a body names, by whatever of its fields could be read as the subject.</summary>
    private static string? StreamIn(JsonNode? body)
    {
        try
        {
            return (body as JsonObject)?
                .Where(field => string.Equals(field.Key, Subject, StringComparison.OrdinalIgnoreCase))
                .Select(field => field.Value is JsonValue value && value.TryGetValue<string>(out var text) ? text : null)
                .FirstOrDefault(text => text is not null && (Streams.IsMatrix(text, out _) || Streams.IsDataCenter(text, out _)));
        }
        catch (ArgumentException)
        {
            // A field twice: nothing of the body is answered with.
            return null;
        }
    }

    /// <summary>
    /// Why a command is not its sender's to give, whose name is not answered in either; null when it may be. What can be read has been
    /// asked before (<see cref="AuthorityFilter"/>).
    /// </summary>
    private string? WhyNot(ReceiveContext context, JsonNode? body)
    {
        if (identity.Self is null)
            return null;
        var user = context.TryGetPayload<RabbitMqBasicConsumeContext>(out var delivery) ? delivery.Properties.UserId : null;
        var why = identity.WhyNot(
            message, string.IsNullOrEmpty(user) ? null : user, MessageTrace.Text(context, MessageHeaders.UserHeader), out var speaker);
        return why
            ?? (speaker!.Role.Name != Roles.Relay && StreamIn(body) is { } stream ? $"{speaker} gives it for '{stream}'" : null);
    }

    private async Task AnswerAsync(ReceiveContext context, Exception exception)
    {
        // What fails may be skipped too.
        if (context.TryGetPayload<Answered>(out _))
            return;
        context.GetOrAddPayload(() => new Answered());
        var (trace, now) = (MessageTrace.Of(context, null), clock.GetUtcNow());
        var body = Body(context);
        if (WhyNot(context, body) is { } why)
        {
            CommandLog.NotAnswered(logger, Wire.NameOf(message), OneLine.Of(why));
            return;
        }

        var reason = body is JsonObject ? Reason(exception) : "the command cannot be read: it is no JSON object";
        IReport? answer;
        try
        {
            answer = Refusals.Of(message, body, trace.CorrelationId ?? trace.MessageId, reader, reason, now);
        }
        catch (ArgumentException)
        {
            // A field twice is found when the object is looked into.
            answer = Refusals.Of(message, null, trace.CorrelationId ?? trace.MessageId, reader, reason, now);
        }

        var name = Wire.NameOf(message);
        if (answer is null)
        {
            CommandLog.Unanswerable(logger, name);
            return;
        }

        CommandLog.Refused(logger, name, reason);
        await bus().Publish((object)answer, answer.GetType(), Pipe.Execute<PublishContext>(sent =>
        {
            // The same unreadable command twice is answered by one message.
            sent.MessageId = trace.MessageId is { } id ? Answers.IdOf(id, answer) : sent.MessageId;
            sent.CorrelationId = trace.CorrelationId ?? trace.MessageId ?? sent.CorrelationId;
            if (trace.MessageId is { } cause)
                sent.Headers.Set(MessageHeaders.CausationHeader, cause.ToString());
        })).ConfigureAwait(false);
    }

    /// <summary>Marks a delivery whose sender was answered.</summary>
    private sealed class Answered;
}
