using System.Collections.Concurrent;

namespace JustRunIt.Infrastructure;

/// <summary>
/// Virtual hosts that nobody has used, made some at a time, and those that are done with, deleted some at a time and at the end of the
/// process: on a busy machine the administration of a broker takes longer than the tests that need it.
/// </summary>
internal sealed class VirtualHostPool
{
    private static readonly ConcurrentDictionary<string, VirtualHostPool> Pools = new();
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly Queue<string> spare = new();
    private readonly List<string> used = [];
    private readonly RabbitMqServer server;
    private int batch = 1;

    private VirtualHostPool(RabbitMqServer server)
    {
        this.server = server;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.DeleteVirtualHostsAfterwards([.. used, .. spare]);
    }

    /// <summary>The one pool of a broker in this process; the first server that asks stays open with it.</summary>
    public static VirtualHostPool Of(RabbitMqServer server) =>
        Pools.GetOrAdd(server.Address.ToString(), _ => new VirtualHostPool(server));

    /// <summary>A virtual host in which nothing is.</summary>
    public async Task<string> TakeAsync()
    {
        await gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (spare.Count == 0)
            {
                await MakeAsync().ConfigureAwait(false);
            }

            return spare.Dequeue();
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Gives one back, to be deleted with others.</summary>
    public async Task ReturnAsync(string name)
    {
        await gate.WaitAsync().ConfigureAwait(false);
        used.Add(name);
        gate.Release();
    }

    /// <summary>Deletes all that is not in use.</summary>
    public async Task EmptyAsync()
    {
        await gate.WaitAsync().ConfigureAwait(false);
        try
        {
            await server.DeleteVirtualHostsAsync([.. used, .. spare]).ConfigureAwait(false);
            used.Clear();
            spare.Clear();
        }
        finally
        {
            gate.Release();
        }
    }

    // Twice as many each time, so that a process with one test makes one.
    private async Task MakeAsync()
    {
        if (batch == 1)
        {
            await server.DeleteLeftBehindAsync().ConfigureAwait(false);
        }

        string[] names = [.. Enumerable.Range(0, batch).Select(_ => TestName.New())];
        await Task.WhenAll(server.CreateVirtualHostsAsync(names), server.DeleteVirtualHostsAsync([.. used])).ConfigureAwait(false);
        used.Clear();
        batch = Math.Min(2 * batch, server.Batch);
        foreach (var name in names)
        {
            spare.Enqueue(name);
        }
    }
}
