namespace JustRunIt.Events.Deciding;

/// <summary>A question for something that is kept beside the streams; a record, so that equal questions are one.</summary>
/// <typeparam name="TAnswer">The answer; null is one.</typeparam>
public interface IFact<out TAnswer>;
