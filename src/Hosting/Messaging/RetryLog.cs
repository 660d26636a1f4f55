using JustRunIt.Hosting.Logging;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.Hosting.Messaging;

/// <summary>Tells in one line that a message is handled again, and why; of a long outage now and then.</summary>
/// <param name="isOutage">Whether this is about servers that are away; else it is about lost races, which are no news.</param>
/// <param name="logger">Where to.</param>
internal sealed partial class RetryLog(bool isOutage, ILogger<RetryLog> logger) : IRetryObserver
{
    private const int AttemptsBetweenWarnings = 15;

    public Task PostCreate<T>(RetryPolicyContext<T> context)
        where T : class, PipeContext => Task.CompletedTask;

    public Task PostFault<T>(RetryContext<T> context)
        where T : class, PipeContext => Task.CompletedTask;

    public Task PreRetry<T>(RetryContext<T> context)
        where T : class, PipeContext
    {
        if (!isOutage)
            Log.Conflict(logger, context.RetryAttempt, OneLine.Of(context.Exception));
        else if (context.RetryAttempt % AttemptsBetweenWarnings == 1)
            Log.Outage(logger, context.RetryAttempt, OneLine.Of(context.Exception));
        return Task.CompletedTask;
    }

    public Task RetryFault<T>(RetryContext<T> context)
        where T : class, PipeContext => Task.CompletedTask;

    public Task RetryComplete<T>(RetryContext<T> context)
        where T : class, PipeContext => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(EventId = 1012, Level = LogLevel.Debug, Message = "somebody else was faster, decided again ({Attempt}): {Reason}")]
        public static partial void Conflict(ILogger logger, int attempt, string reason);

        [LoggerMessage(EventId = 1013, Level = LogLevel.Warning, Message = "waiting to handle a message ({Attempt}): {Reason}")]
        public static partial void Outage(ILogger logger, int attempt, string reason);
    }
}
