using System.Collections.Concurrent;

namespace JustRunIt.HostAgent.Machines;

/// <summary>One thing at a time for each name: a command that is delivered twice waits for itself.</summary>
internal sealed class NameLocks
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> locks = new();

    /// <summary>Waits for the name; disposing the result lets go of it.</summary>
    public async Task<IDisposable> TakeAsync(string name, CancellationToken cancellation)
    {
        var taken = locks.GetOrAdd(name, _ => new SemaphoreSlim(1));
        await taken.WaitAsync(cancellation);
        return new Release(taken);
    }

    private sealed class Release(SemaphoreSlim taken) : IDisposable
    {
        public void Dispose() => taken.Release();
    }
}
