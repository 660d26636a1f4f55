using JustRunIt.HostAgent.Machines;
using JustRunIt.Hosting.Logging;
using JustRunIt.Hosting.Secrets;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>
/// Why a command was not carried out, for whoever waits for the answer. What nobody foresaw is an answer too, and is logged with its
/// place: a command without an answer would be waited for until a timer ends.
/// </summary>
internal static partial class Answer
{
    /// <summary>Whether it is to be answered: everything but the end of the agent, after which the command is delivered again.</summary>
    public static bool Is(Exception e, CancellationToken ended) => e is not OperationCanceledException || !ended.IsCancellationRequested;

    /// <summary>The reason, on one line.</summary>
    public static string Reason(Exception e, ILogger logger)
    {
        if (e is HostException)
            return Redaction.Default.Text(OneLine.Of(e.Message));
        Unforeseen(logger, e);
        return $"the agent could not do it: {e.GetType().Name}: {Redaction.Default.Text(OneLine.Of(e.Message))}";
    }

    [LoggerMessage(EventId = 1205, Level = LogLevel.Error, Message = "a command failed in a way that nobody foresaw")]
    private static partial void Unforeseen(ILogger logger, Exception e);
}
