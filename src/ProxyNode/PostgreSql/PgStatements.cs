using System.Collections.Concurrent;
using System.Text;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// The prepared statements of one connection: each is there once the server has said so (ParseComplete), also where the request that
/// prepared it fails afterwards. The one without a name is there until the next such, or a simple query.
/// </summary>
internal sealed class PgStatements
{
    /// <summary>Most statements that are kept in words.</summary>
    private const int MostMattering = 256;

    private readonly ConcurrentDictionary<string, byte[]> prepared = new();
    private readonly Queue<(long Request, string Name, byte[] Body)> preparing = new();
    private readonly Dictionary<string, PgMattering> mattering = [];
    private long begun;
    private long ended;

    /// <summary>By name, the bodies of their Parse messages. May be read while the dialogue goes on.</summary>
    public IReadOnlyDictionary<string, byte[]> Prepared => prepared;

    /// <summary>Whether one of them may change the session.</summary>
    public bool Matter => mattering.Count > 0;

    /// <summary>A request that is answered begins.</summary>
    public void RequestBegun() => begun++;

    /// <summary>The number of the request that is being read.</summary>
    /// <param name="beginsRequest">The message is the first of a request that has not been told of yet.</param>
    private long Current(bool beginsRequest) => begun + (beginsRequest ? 1 : 0);

    /// <summary>A statement is asked for.</summary>
    /// <param name="name">Its name; empty of the one that has none.</param>
    /// <param name="body">Of the Parse message; empty where it is not kept.</param>
    /// <param name="beginsRequest">The message is the first of a request that has not been told of yet.</param>
    /// <param name="escapes">See <see cref="PgLexer"/>.</param>
    public void Prepare(string name, ReadOnlySpan<byte> body, bool beginsRequest, bool escapes = false)
    {
        // Hardly anybody comes back to one without a name: a long one is not copied for that.
        var isKept = name.Length > 0 || body.Length <= PgEffects.LongestText;
        preparing.Enqueue((Current(beginsRequest), name, isKept ? body.ToArray() : []));
        if (PgMattering.Of(TextIn(body), escapes, isFull: mattering.Count >= MostMattering) is { } matters)
            mattering[name] = matters;
        else if (mattering.Count > 0)
            mattering.Remove(name);
    }

    /// <summary>A statement that may change the session; null of others.</summary>
    public PgMattering? Mattering(string name) => mattering.GetValueOrDefault(name);

    /// <summary>There is a statement from before the dialogue was heard.</summary>
    public void Add(string name, byte[] body)
    {
        Prepare(name, body, beginsRequest: false);
        Keep(preparing.Dequeue());
    }

    /// <summary>A statement is given up.</summary>
    public void Close(string name)
    {
        prepared.TryRemove(name, out _);
        if (mattering.Count > 0)
            mattering.Remove(name);
    }

    /// <summary>All are given up.</summary>
    public void Clear()
    {
        prepared.Clear();
        // What is asked for meanwhile comes after it.
        var coming = preparing.Select(asked => asked.Name).ToHashSet();
        foreach (var name in mattering.Keys.Where(name => !coming.Contains(name)).ToList())
            mattering.Remove(name);
    }

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

    /// <summary>The SQL of a Parse message's body, a byte a character.</summary>
    public static string SqlOf(ReadOnlySpan<byte> body) => Encoding.Latin1.GetString(TextIn(body));

    private static ReadOnlySpan<byte> TextIn(ReadOnlySpan<byte> body)
    {
        var sql = body[Math.Min(body.IndexOf((byte)0) + 1, body.Length)..];
        var end = sql.IndexOf((byte)0);
        return end < 0 ? sql : sql[..end];
    }

    private void Keep((long Request, string Name, byte[] Body) asked)
    {
        if (asked.Body.Length > 0)
            prepared[asked.Name] = asked.Body;
        else
            prepared.TryRemove(asked.Name, out _);
    }
}
