namespace JustRunIt.HostAgent.Machines;

/// <summary>
/// One thing at a time for each name: a command that is delivered twice waits for itself. A name that nobody waits for is forgotten.
/// </summary>
internal sealed class NameLocks
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Entry> entries = [];

    /// <summary>Waits for the name; disposing the result lets go of it.</summary>
    public async Task<IDisposable> TakeAsync(string name, CancellationToken cancellation)
    {
        Entry entry;
        lock (gate)
        {
            if (!entries.TryGetValue(name, out entry!))
                entries.Add(name, entry = new Entry());
            entry.Users++;
        }

        try
        {
            await entry.Taken.WaitAsync(cancellation);
        }
        catch
        {
            Leave(name, entry);
            throw;
        }

        return new Release(this, name, entry);
    }

    private void Leave(string name, Entry entry)
    {
        lock (gate)
        {
            if (--entry.Users == 0)
                entries.Remove(name);
        }
    }

    private sealed class Entry
    {
        public SemaphoreSlim Taken { get; } = new(1);

        public int Users { get; set; }
    }

    private sealed class Release(NameLocks locks, string name, Entry entry) : IDisposable
    {
        public void Dispose()
        {
            entry.Taken.Release();
            locks.Leave(name, entry);
        }
    }
}
