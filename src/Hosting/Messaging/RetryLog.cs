using JustRunIt.Hosting.Logging;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.Hosting.Messaging;

/// <summary>Tells in one line that a message lost a race and is handled again, and why.</summary>
/// <param name="logger">Where to.</param>
internal sealed partial class RetryLog(ILogger<RetryLog> logger) : IRetryObserver
{
    public Task PostCreate<T>(RetryPolicyContext<T> context)
        where T : class, PipeContext => Task.CompletedTask;

    public Task PostFault<T>(RetryContext<T> context)
        where T : class, PipeContext => Task.CompletedTask;

    public Task PreRetry<T>(RetryContext<T> context)
        where T : class, PipeContext
    {
        Log.Conflict(logger, context.RetryAttempt, OneLine.Of(context.Exception));
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
    }
}
