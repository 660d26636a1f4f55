using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace JustRunIt.Infrastructure;

/// <summary>Keeps what is logged.</summary>
internal sealed class Lines<T> : ILogger<T>
{
    /// <summary>The lines, in order.</summary>
    public ConcurrentQueue<string> Said { get; } = new();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Said.Enqueue(formatter(state, exception));
}
