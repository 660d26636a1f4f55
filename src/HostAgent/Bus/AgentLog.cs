using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>What an agent did to servers, one line each; what it was asked by stands in the line's properties.</summary>
internal static partial class AgentLog
{
    /// <summary>A virtual machine runs.</summary>
    [LoggerMessage(EventId = 1210, Level = LogLevel.Information, Message = "started {Vm} on {Machine} at {Endpoint}")]
    public static partial void Started(ILogger logger, string vm, string machine, string endpoint);

    /// <summary>A virtual machine could not be started.</summary>
    [LoggerMessage(EventId = 1211, Level = LogLevel.Warning, Message = "{Vm} was not started: {Reason}")]
    public static partial void NotStarted(ILogger logger, string vm, string reason);

    /// <summary>A clone was made.</summary>
    [LoggerMessage(EventId = 1212, Level = LogLevel.Information,
        Message = "cloned {Vm} as {Clone} in {CloneMilliseconds:0} ms; the original stood still for {PauseMilliseconds:0} ms")]
    public static partial void Cloned(ILogger logger, string vm, string clone, double cloneMilliseconds, double pauseMilliseconds);

    /// <summary>A clone was not made.</summary>
    [LoggerMessage(EventId = 1213, Level = LogLevel.Warning, Message = "{Vm} was not cloned as {Clone}: {Reason}")]
    public static partial void NotCloned(ILogger logger, string vm, string clone, string reason);

    /// <summary>A clone was destroyed.</summary>
    [LoggerMessage(EventId = 1214, Level = LogLevel.Information, Message = "destroyed clone {Clone}: {Reason}")]
    public static partial void Destroyed(ILogger logger, string clone, string reason);

    /// <summary>A clone was not destroyed.</summary>
    [LoggerMessage(EventId = 1240, Level = LogLevel.Warning, Message = "{Clone} was not destroyed: {Reason}")]
    public static partial void NotDestroyed(ILogger logger, string clone, string reason);

    /// <summary>A name that this agent announced is another's.</summary>
    [LoggerMessage(EventId = 1241, Level = LogLevel.Warning, Message = "an announcement is refused: {Reason}")]
    public static partial void ClaimRefused(ILogger logger, string reason);

    /// <summary>An allocation is in force.</summary>
    [LoggerMessage(EventId = 1215, Level = LogLevel.Information, Message = "{Vm} has {Allocation}")]
    public static partial void Allocated(ILogger logger, string vm, string allocation);

    /// <summary>An allocation was refused.</summary>
    [LoggerMessage(EventId = 1216, Level = LogLevel.Warning, Message = "{Vm} does not get {Allocation}: {Reason}")]
    public static partial void NotAllocated(ILogger logger, string vm, string allocation, string reason);

    /// <summary>A virtual machine has moved.</summary>
    [LoggerMessage(EventId = 1217, Level = LogLevel.Information, Message = "moved {Vm} to {Machine} in {Milliseconds:0} ms")]
    public static partial void Moved(ILogger logger, string vm, string machine, double milliseconds);

    /// <summary>A virtual machine has not moved.</summary>
    [LoggerMessage(EventId = 1218, Level = LogLevel.Warning, Message = "{Vm} was not moved to {Machine}: {Reason}")]
    public static partial void NotMoved(ILogger logger, string vm, string machine, string reason);

    /// <summary>Another agent sends what no placement has ordered.</summary>
    [LoggerMessage(EventId = 1220, Level = LogLevel.Warning, Message = "{Vm} is not taken up from agent {Sender}: {Reason}")]
    public static partial void NotOrdered(ILogger logger, string vm, string sender, string reason);

    /// <summary>Something ended by itself.</summary>
    [LoggerMessage(EventId = 1219, Level = LogLevel.Warning, Message = "{Vm} ended: {Reason}")]
    public static partial void Exited(ILogger logger, string vm, string reason);
}
