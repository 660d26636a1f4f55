namespace JustRunIt.Events.Deciding;

/// <summary>Something that a decision keeps beside the streams, in the same transaction as its events.</summary>
public interface IKept
{
    /// <summary>The question (<see cref="IFact{TAnswer}"/>) that it answers from then on.</summary>
    object Asked { get; }

    /// <summary>The answer.</summary>
    object Answer { get; }
}
