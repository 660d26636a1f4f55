using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Deciding;

/// <summary>A decider has asked for what has not been read yet: it is read, and the decider is run again.</summary>
internal abstract class Needed : Exception
{
    /// <summary>The question, where it is for what is kept beside the streams; null where it is for a stream.</summary>
    public virtual object? Question => null;

    public abstract ValueTask ProvideAsync(Reading reading, IReadingSource source, CancellationToken cancellation);

    internal sealed class State<TState>(string stream) : Needed
        where TState : class, IState<TState>
    {
        public override async ValueTask ProvideAsync(Reading reading, IReadingSource source, CancellationToken cancellation) =>
            reading.Know(stream, await source.LoadAsync<TState>(stream, cancellation).ConfigureAwait(false));
    }

    internal sealed class Fact<TAnswer>(IFact<TAnswer> asked) : Needed
    {
        public override object Question => asked;

        public override async ValueTask ProvideAsync(Reading reading, IReadingSource source, CancellationToken cancellation) =>
            reading.Know(asked, await source.AnswerAsync(asked, cancellation).ConfigureAwait(false));
    }
}
