using JustRunIt.Events.Deciding;
using Marten;

namespace JustRunIt.Events.Store;

/// <summary>Keeps one kind of thing beside the streams, in the transaction of the decision that says so.</summary>
public interface IKeeper
{
    /// <summary>The kind of thing.</summary>
    Type Kept { get; }

    /// <summary>Keeps it when the session is saved.</summary>
    /// <param name="kept">Of the kind <see cref="Kept"/>.</param>
    /// <param name="session">The decision's session.</param>
    void Keep(IKept kept, IDocumentSession session);

    /// <summary>Keeps several, each of something else, in one go where that is cheaper.</summary>
    /// <param name="kept">Of the kind <see cref="Kept"/>.</param>
    /// <param name="session">The decisions' session.</param>
    void KeepAll(IReadOnlyCollection<IKept> kept, IDocumentSession session)
    {
        ArgumentNullException.ThrowIfNull(kept);
        foreach (var one in kept)
            Keep(one, session);
    }
}
