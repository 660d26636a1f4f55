namespace JustRunIt.Samples.Emulating;

/// <summary>The clients that are running; their number and think time can be changed at any time.</summary>
internal sealed class Population(TimeSpan think, Mix mix, Func<int, Client> create)
{
    /// <summary>New clients begin within this time, not all at once.</summary>
    private static readonly TimeSpan Stagger = TimeSpan.FromSeconds(1);

    private readonly List<(CancellationTokenSource Stop, Task Running)> clients = [];
    private long thinkTicks = think.Ticks;

    /// <summary>How many there are.</summary>
    public int Count => clients.Count;

    /// <summary>Mean time between a reply and the next request.</summary>
    public TimeSpan ThinkTime
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref thinkTicks));
        set => Interlocked.Exchange(ref thinkTicks, value.Ticks);
    }

    /// <summary>Starts or stops clients until there are so many.</summary>
    public async Task ResizeAsync(int count)
    {
        var added = count - clients.Count;
        for (var i = 0; i < added; i++)
        {
            var stop = new CancellationTokenSource();
            clients.Add((stop, RunAsync(create(clients.Count), Stagger * i / added, stop.Token)));
        }

        while (clients.Count > count)
        {
            var (stop, running) = clients[^1];
            clients.RemoveAt(clients.Count - 1);
            await stop.CancelAsync();
            await running;
            stop.Dispose();
        }
    }

    private async Task RunAsync(Client client, TimeSpan delay, CancellationToken stop)
    {
        using (client)
        {
            await Task.Delay(delay, CancellationToken.None);
            await client.RunAsync(mix, () => ThinkTime, stop);
        }
    }
}
