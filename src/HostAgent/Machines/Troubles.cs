using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Machines;

/// <summary>
/// What goes wrong while no command waits for an answer: at the start, when something has ended, when a lease ends. One server's
/// trouble is that server's: it is told, and the rest goes on.
/// </summary>
internal sealed partial class Troubles(ILogger logger)
{
    private const int Kept = 100;
    private readonly Lock gate = new();
    private readonly Queue<string> told = [];

    /// <summary>What was told last, one line each.</summary>
    public IReadOnlyList<string> Told
    {
        get
        {
            lock (gate)
                return [.. told];
        }
    }

    /// <summary>Tells of one.</summary>
    /// <param name="subject">Whose it is.</param>
    /// <param name="reason">What is wrong, and what that means.</param>
    public void Tell(string subject, string reason)
    {
        var line = $"{subject}: {reason}";
        lock (gate)
        {
            told.Enqueue(line);
            if (told.Count > Kept)
                told.Dequeue();
        }

        Log(logger, line);
    }

    /// <summary>
    /// Does something; what goes wrong is told, a patience that was at its end too. Only what <paramref name="cancellation"/> ends is
    /// thrown on: then the agent ends.
    /// </summary>
    /// <returns>Whether it was done.</returns>
    public async Task<bool> TryAsync(string subject, Func<Task> work, CancellationToken cancellation = default)
    {
        try
        {
            await work();
            return true;
        }
        catch (Exception e) when (!(e is OperationCanceledException && cancellation.IsCancellationRequested))
        {
            Tell(subject, HostException.OneLine(e));
            return false;
        }
    }

    /// <summary>The same for what is done at once.</summary>
    public bool Try(string subject, Action work) => TryAsync(subject, () =>
    {
        work();
        return Task.CompletedTask;
    }).GetAwaiter().GetResult();

    [LoggerMessage(EventId = 1204, Level = LogLevel.Error, Message = "{Trouble}")]
    private static partial void Log(ILogger logger, string trouble);
}
