using System.Diagnostics.CodeAnalysis;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>The newest of what is known by a request, so that what is remembered of commands and answers does not grow for ever.</summary>
/// <param name="most">How many are kept.</param>
/// <typeparam name="TValue">What is known.</typeparam>
internal sealed class Newest<TValue>(int most)
{
    private readonly Dictionary<Guid, TValue> values = [];
    private readonly Queue<Guid> byAge = new();

    /// <summary>Keeps it; the oldest goes when there are too many. One that is known is replaced, and is no younger for it.</summary>
    public void Add(Guid request, TValue value)
    {
        if (values.TryAdd(request, value))
            byAge.Enqueue(request);
        else
            values[request] = value;
        while (byAge.Count > most)
            values.Remove(byAge.Dequeue());
    }

    /// <summary>Finds it.</summary>
    public bool TryGet(Guid request, [MaybeNullWhen(false)] out TValue value) => values.TryGetValue(request, out value);
}
