namespace JustRunIt.Events.Messaging;

/// <summary>
/// A request that goes to exactly one queue. Commands are never appended: they follow from an event
/// (<see cref="Consequences"/>), so that a crash cannot lose one.
/// </summary>
public interface ICommand;

/// <summary>A command to a host agent.</summary>
public interface IAgentCommand : ICommand
{
    /// <summary>The host agent that is to do it.</summary>
    string Agent { get; }
}

/// <summary>A command to a proxy node.</summary>
public interface INodeCommand : ICommand
{
    /// <summary>The proxy node that is to do it.</summary>
    string ProxyNode { get; }
}
