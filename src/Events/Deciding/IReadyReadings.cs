using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Deciding;

/// <summary>What was read before for decisions that are made together, and for which no decider waits.</summary>
public interface IReadyReadings
{
    /// <summary>A stream's state and version; null when it was not read.</summary>
    Versioned<TState>? StateOf<TState>(string stream)
        where TState : class, IState<TState>;

    /// <summary>The answer to a question for what is kept beside the streams.</summary>
    /// <returns>Whether it was read.</returns>
    bool TryAnswer(object asked, out object? answer);
}
