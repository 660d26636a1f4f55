namespace JustRunIt.Events.Auditing;

/// <summary>Where the events of single streams come from.</summary>
public interface IHistory
{
    /// <summary>Events of a stream in the order of their versions; what is not there is not among them.</summary>
    /// <param name="stream">Name of the stream.</param>
    /// <param name="after">The version before the first.</param>
    /// <param name="upTo">The last version.</param>
    /// <param name="cancellation">Ends the reading.</param>
    IAsyncEnumerable<PastEvent> ReadAsync(string stream, long after, long upTo, CancellationToken cancellation);
}
