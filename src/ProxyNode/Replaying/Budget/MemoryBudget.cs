namespace JustRunIt.ProxyNode.Replaying.Budget;

/// <summary>The bytes that a replay holds for duplicates, their connections and what is kept of them, and their bound.</summary>
/// <param name="limitBytes">The bound; of duplicates never exceeded, by connections' own buffers for a moment.</param>
/// <param name="whenShort">Told, on whichever thread it is, that the bound is near. Must be quick.</param>
internal sealed class MemoryBudget(long limitBytes, Action whenShort)
{
    private readonly long near = limitBytes / 8 * 7;
    private long held;

    /// <summary>Bytes that are held.</summary>
    public long Held => Interlocked.Read(ref held);

    /// <summary>Whether a connection that was shed may begin anew.</summary>
    public bool HasRoom => Held < limitBytes / 2;

    /// <summary>Whether older connections are to be shed, for the newer ones to go on.</summary>
    public bool IsShort => Held > limitBytes / 4 * 3;

    /// <summary>Reserves memory for a duplicate; false when there is none.</summary>
    public bool TryHold(int bytes)
    {
        var all = Interlocked.Add(ref held, bytes);
        if (all > near)
            whenShort();
        if (all > limitBytes)
        {
            Interlocked.Add(ref held, -bytes);
            return false;
        }

        return true;
    }

    /// <summary>Counts memory that a connection takes for itself.</summary>
    public void Hold(int bytes)
    {
        if (Interlocked.Add(ref held, bytes) > near)
            whenShort();
    }

    /// <summary>Gives memory back.</summary>
    public void LetGo(int bytes) => Interlocked.Add(ref held, -bytes);
}
