namespace JustRunIt.Events.Store.History;

/// <summary>A stream that somebody may mean.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Told">What people call it.</param>
/// <param name="Events">Number of its events.</param>
public sealed record FoundStream(string Name, string Told, long Events);

/// <summary>What was found for what somebody has written.</summary>
/// <param name="Streams">The streams that it may mean: one where it is clear.</param>
/// <param name="Nearest">Where there is none, what people call those that are named most alike.</param>
public sealed record FoundStreams(IReadOnlyList<FoundStream> Streams, IReadOnlyList<string> Nearest);
