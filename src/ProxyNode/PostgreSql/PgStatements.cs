using System.Collections.Concurrent;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// The named prepared statements of one connection: each is there once the server has said so (ParseComplete), also where the request that
/// prepared it fails afterwards.
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

    /// <summary>The number of the request that is being read.</summary>
    /// <param name="beginsRequest">The message is the first of a request that has not been told of yet.</param>
    public long Current(bool beginsRequest) => begun + (beginsRequest ? 1 : 0);

    /// <summary>A statement is asked for.</summary>
    /// <param name="name">Its name; empty of the one that has none, which is not kept.</param>
    /// <param name="body">Of the Parse message; empty where it is not kept.</param>
    /// <param name="beginsRequest">The message is the first of a request that has not been told of yet.</param>
    public void Prepare(string name, byte[] body, bool beginsRequest) => preparing.Enqueue((Current(beginsRequest), name, body));

    /// <summary>There is a statement from before the dialogue was heard.</summary>
    public void Add(string name, byte[] body) => prepared[name] = body;

    /// <summary>A statement is given up.</summary>
    public void Close(string name) => prepared.TryRemove(name, out _);

    /// <summary>All are given up.</summary>
    public void Clear() => prepared.Clear();

    /// <summary>The server has prepared the next one that the oldest unanswered request asked for.</summary>
    public void Complete()
    {
        if (preparing.TryPeek(out var asked) && asked.Request <= ended + 1)
            Keep(preparing.Dequeue());
    }

    /// <summary>A request was answered: what it asked for and did not get is not there.</summary>
    public void ReplyEnded()
    {
        ended++;
        while (preparing.TryPeek(out var asked) && asked.Request <= ended)
            preparing.Dequeue();
    }

    private void Keep((long Request, string Name, byte[] Body) asked)
    {
        if (asked.Name.Length > 0 && asked.Body.Length > 0)
            prepared[asked.Name] = asked.Body;
    }
}
