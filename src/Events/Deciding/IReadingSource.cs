using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Deciding;

/// <summary>Where readings come from: the store, or streams in memory.</summary>
public interface IReadingSource
{
    /// <summary>A stream's state and version.</summary>
    ValueTask<Versioned<TState>> LoadAsync<TState>(string stream, CancellationToken cancellation)
        where TState : class, IState<TState>;

    /// <summary>The answer to a question for what is kept beside the streams.</summary>
    ValueTask<TAnswer> AnswerAsync<TAnswer>(IFact<TAnswer> asked, CancellationToken cancellation);
}
