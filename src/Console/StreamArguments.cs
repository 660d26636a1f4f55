using JustRunIt.Events.Store.History;
using JustRunIt.Events.Telling;
using JustRunIt.Hosting.Configuration;
using Npgsql;

namespace JustRunIt.Console;

/// <summary>Streams that are named on the command line.</summary>
internal static class StreamArguments
{
    /// <summary>Finds several, each as <see cref="FindAsync"/> does.</summary>
    /// <returns>Their names; null where it is not clear which are meant.</returns>
    /// <exception cref="ConfigurationException">A text names no stream.</exception>
    public static async Task<IReadOnlyCollection<string>?> FindAllAsync(
        string postgres, IReadOnlyList<string> named, CancellationToken cancellation)
    {
        await using var connection = await StoreSnapshot.ConnectAsync(postgres, cancellation);
        var streams = new List<string>();
        foreach (var text in named)
        {
            if (await FindAsync(connection, text, cancellation) is not { } found)
                return null;
            streams.Add(found.Name);
        }

        return streams;
    }

    /// <summary>Finds one; lists on standard error what may be meant where that is not clear.</summary>
    /// <returns>The stream; null where it is not clear which is meant.</returns>
    /// <exception cref="ConfigurationException">The text names no stream: the line has those that are named most alike.</exception>
    public static async Task<FoundStream?> FindAsync(NpgsqlConnection connection, string text, CancellationToken cancellation)
    {
        if (StreamQuery.Parse(text) is not { } query)
            throw new ConfigurationException($"command line: STREAM: '{text}'; allowed is {StreamQuery.Allowed}");
        var found = await new StreamFinder(connection).FindAsync(query, cancellation);
        if (found.Streams is [var only])
            return only;
        if (found.Streams.Count == 0)
        {
            var nearest = found.Nearest.Count == 0
                ? $"allowed is {StreamQuery.Allowed}"
                : $"nearest are {string.Join(", ", found.Nearest)}";
            throw new ConfigurationException($"command line: STREAM: '{text}': there is none; {nearest}");
        }

        var more = found.Streams.Count > StreamFinder.Most ? ", and more" : "";
        await System.Console.Error.WriteLineAsync($"command line: STREAM: '{text}' may be any of these{more}:");
        foreach (var stream in found.Streams.Take(StreamFinder.Most))
        {
            await System.Console.Error.WriteLineAsync(
                FormattableString.Invariant($"  {stream.Told} ({stream.Name}, {stream.Events} events)"));
        }

        return null;
    }
}
