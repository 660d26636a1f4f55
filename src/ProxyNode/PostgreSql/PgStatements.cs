using System.Collections.Concurrent;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// The named prepared statements of one connection: each is there once the request that prepares it was answered without an error.
/// </summary>
internal sealed class PgStatements
{
    private readonly ConcurrentDictionary<string, byte[]> prepared = new();
    private readonly Queue<(long Request, string Name, byte[] Body)> preparing = new();
    private long begun;
    private long ended;

    /// <summary>By name, the bodies of their Parse messages. May be read while the dialogue goes on.</summary>
    public IReadOnlyDictionary<string, byte[]> Prepared => prepared;

    /// <summary>A request that is answered begins.</summary>
    public void RequestBegun() => begun++;

    /// <summary>A statement is asked for.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="body">Of the Parse message.</param>
    /// <param name="beginsRequest">The message is the first of a request that has not been told of yet.</param>
    public void Prepare(string name, byte[] body, bool beginsRequest) => preparing.Enqueue((begun + (beginsRequest ? 1 : 0), name, body));

    /// <summary>A statement is given up.</summary>
    public void Close(string name) => prepared.TryRemove(name, out _);

    /// <summary>A request was answered.</summary>
    /// <param name="isError">With an error: what it asked for is not there.</param>
    public void ReplyEnded(bool isError)
    {
        ended++;
        while (preparing.TryPeek(out var asked) && asked.Request <= ended)
        {
            preparing.Dequeue();
            if (!isError)
                prepared[asked.Name] = asked.Body;
        }
    }
}
