using Microsoft.Extensions.Logging;

namespace JustRunIt.Hosting.Messaging;

/// <summary>Commands that are not carried out, one line each.</summary>
internal static partial class CommandLog
{
    /// <summary>A command was refused, and its sender told.</summary>
    [LoggerMessage(EventId = 1030, Level = LogLevel.Warning, Message = "{Name} is refused, and its sender told: {Reason}")]
    public static partial void Refused(ILogger logger, string name, string reason);

    /// <summary>A message that is not readable bears nothing by which its sender could be answered.</summary>
    [LoggerMessage(EventId = 1031, Level = LogLevel.Warning,
        Message = "{Name} cannot be answered: neither its body nor its headers say which request it is")]
    public static partial void Unanswerable(ILogger logger, string name);

    /// <summary>A command that is not readable, from somebody who may not give it as far as can be read, is not answered.</summary>
    [LoggerMessage(EventId = 1032, Level = LogLevel.Warning, Message = "{Name} cannot be read, and is not its sender's to give: {Reason}")]
    public static partial void NotAnswered(ILogger logger, string name, string reason);
}
