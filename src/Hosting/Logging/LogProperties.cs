namespace JustRunIt.Hosting.Logging;

/// <summary>Names of the properties that log lines bear, so that they can be looked for.</summary>
public static class LogProperties
{
    /// <summary>The process: a service's name, or <c>host-agent.NAME</c>, or <c>proxy-node.NAME</c>.</summary>
    public const string Service = "Service";

    /// <summary>The name of the computer.</summary>
    public const string Host = "Host";

    /// <summary>The process' id.</summary>
    public const string ProcessId = "ProcessId";

    /// <summary>What the log line comes from: a class.</summary>
    public const string Source = "SourceContext";

    /// <summary>Ties everything that one trigger led to.</summary>
    public const string CorrelationId = "CorrelationId";

    /// <summary>The id of the message or event that the handled message follows from.</summary>
    public const string CausationId = "CausationId";

    /// <summary>The id of the message that is handled.</summary>
    public const string MessageId = "MessageId";

    /// <summary>The wire name of the message that is handled.</summary>
    public const string Message = "Message";

    /// <summary>The stream that the handled message comes from.</summary>
    public const string Stream = "Stream";

    /// <summary>The handled message's version on its stream.</summary>
    public const string StreamVersion = "StreamVersion";
}
