namespace JustRunIt.Samples.Emulating;

/// <summary>
/// One emulated client: a session of its own, one request at a time, think times between (closed loop). It follows links of
/// the pages that it sees; what it can do is the sample's.
/// </summary>
public abstract class Client : IDisposable
{
    /// <summary>A client.</summary>
    /// <param name="number">From 0.</param>
    /// <param name="options">Of the emulator.</param>
    /// <param name="statistics">Where its requests are counted.</param>
    protected Client(int number, EmulatorOptions options, Statistics statistics)
    {
        Random = new Random(unchecked((options.Seed * 1_000_003) + number));
        Browser = new Browser(options.Target, Random, statistics);
        User = 1 + (number % options.Users);
    }

    /// <summary>What it draws from.</summary>
    protected Random Random { get; }

    /// <summary>What it asks with.</summary>
    protected Browser Browser { get; }

    /// <summary>Whose password it knows, from 1.</summary>
    protected int User { get; }

    /// <summary>Logs in and goes from page to page until told to stop.</summary>
    public async Task RunAsync(Mix mix, Func<TimeSpan> thinkTime, CancellationToken stop)
    {
        try
        {
            while (!await LogInAsync(stop))
                await ThinkAsync();
            for (var state = mix.States[0]; ; state = mix.Next(state, Random))
            {
                await InteractAsync(state, stop);
                await ThinkAsync();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told to stop.
        }

        Task ThinkAsync() => Task.Delay(-Math.Log(1 - Random.NextDouble()) * thinkTime(), stop);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Browser.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Begins a session; false when it could not.</summary>
    protected virtual async Task<bool> LogInAsync(CancellationToken stop) =>
        await Browser.PostAsync(
            "/login",
            stop,
            ("nickname", Core.Seeding.SeedUser.Nickname(User)),
            ("password", Core.Seeding.SeedUser.Password(User))) is not null;

    /// <summary>Does one of the interactions of the mix.</summary>
    protected abstract Task InteractAsync(string interaction, CancellationToken stop);
}
