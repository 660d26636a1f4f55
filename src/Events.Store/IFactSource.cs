using Marten;

namespace JustRunIt.Events.Store;

/// <summary>Answers one kind of question for what a service keeps beside the streams.</summary>
public interface IFactSource
{
    /// <summary>The kind of question.</summary>
    Type Asked { get; }

    /// <summary>The answer; null is one.</summary>
    /// <param name="asked">Of the kind <see cref="Asked"/>.</param>
    /// <param name="session">The decision's session.</param>
    /// <param name="cancellation">Ends the reading.</param>
    Task<object?> AnswerAsync(object asked, IDocumentSession session, CancellationToken cancellation);

    /// <summary>The answers to several questions, in one go where that is cheaper.</summary>
    /// <param name="asked">Of the kind <see cref="Asked"/>, each once.</param>
    /// <param name="session">The decisions' session.</param>
    /// <param name="cancellation">Ends the reading.</param>
    async Task<IReadOnlyDictionary<object, object?>> AnswerAllAsync(
        IReadOnlyCollection<object> asked, IDocumentSession session, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(asked);
        var answers = new Dictionary<object, object?>();
        foreach (var question in asked)
            answers[question] = await AnswerAsync(question, session, cancellation).ConfigureAwait(false);
        return answers;
    }
}
