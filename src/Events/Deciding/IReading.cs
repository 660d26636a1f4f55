using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Deciding;

/// <summary>What a decider may look at.</summary>
public interface IReading
{
    /// <summary>The state of a stream; its version is recorded with the decision.</summary>
    /// <param name="stream">Name of the stream; one that does not exist has its initial state.</param>
    TState State<TState>(string stream)
        where TState : class, IState<TState>;

    /// <summary>The version of a stream that was read: the number of its events.</summary>
    long VersionOf(string stream);

    /// <summary>Something that is kept beside the streams; question and answer are recorded with the decision.</summary>
    TAnswer Fact<TAnswer>(IFact<TAnswer> asked);
}
