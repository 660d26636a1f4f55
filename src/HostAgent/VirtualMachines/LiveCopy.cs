using System.Text.Json.Nodes;
using JustRunIt.HostAgent.Machines;

namespace JustRunIt.HostAgent.VirtualMachines;

/// <summary>
/// Pre-copy migration from one QEMU to another, at whose end both may run (§2.2.1; QEMU documentation, devel/migration). Memory is
/// copied while the guest runs, and what it changed meanwhile again, until the rest fits into the pause that is allowed.
/// </summary>
internal static class LiveCopy
{
    // Loopback or a network of the machines' own: bandwidth is no concern beside the length of the pause.
    private static readonly TimeSpan FinalizePatience = TimeSpan.FromSeconds(5);
    private const long BytesPerSecond = 10L << 30;
    private const int FirstPauseMilliseconds = 50;
    private const int LongestPauseMilliseconds = 400;
    private static readonly TimeSpan StepPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>What came of it.</summary>
    /// <param name="Pause">How long the source stood still; until the end of the copy when it does not go on.</param>
    /// <param name="BytesCopied">Memory moved.</param>
    internal sealed record Result(TimeSpan Pause, long BytesCopied);

    /// <summary>Gets the receiving QEMU ready: it listens when this returns.</summary>
    public static async Task ReceiveAsync(QmpClient target, string uri, CancellationToken cancellation)
    {
        await PrepareAsync(target, cancellation);
        await target.ExecuteAsync("migrate-incoming", new JsonObject { ["uri"] = uri }, cancellation);
    }

    /// <summary>Waits until the receiving QEMU has everything; the sending one has sent it.</summary>
    /// <exception cref="HostException">It cannot be loaded.</exception>
    public static async Task LoadedAsync(QmpClient target, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(StepPatience);
        try
        {
            if ((await target.WaitAsync(
                0, e => e.MigrationStatus is "completed" or "failed", patience.Token)).MigrationStatus != "completed")
                throw new HostException("the copy failed at the receiver");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new HostException($"the copy is not loaded within {StepPatience.TotalSeconds:0} s");
        }
    }

    /// <summary>
    /// Copies. While the source stands still, <paramref name="atPause"/> runs: whatever must be of the same instant as the memory.
    /// When it fails the source runs on.
    /// </summary>
    /// <param name="source">The QEMU that is copied.</param>
    /// <param name="uri">Where the other one listens.</param>
    /// <param name="atPause">Runs in the pause; as short as can be.</param>
    /// <param name="goesOn">Whether the source runs on after the copy.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="standsStill">Whether the source stands still from the beginning of the copy, not only at its end.</param>
    /// <exception cref="HostException">It cannot be copied; the source runs on.</exception>
    public static async Task<Result> SendAsync(
        QmpClient source, string uri, Func<CancellationToken, Task> atPause, bool goesOn, CancellationToken cancellation,
        bool standsStill = false)
    {
        try
        {
            await PrepareAsync(source, cancellation);
            await SetAsync(source, FirstPauseMilliseconds, cancellation);
            var told = source.Events.Count;
            if (standsStill)
            {
                await source.ExecuteAsync("stop", null, cancellation);
                await atPause(cancellation);
            }

            await source.ExecuteAsync("migrate", new JsonObject { ["uri"] = uri }, cancellation);
            await ConvergeAsync(source, told, cancellation);
            if (!standsStill)
                await atPause(cancellation);
            await source.ExecuteAsync("migrate-continue", new JsonObject { ["state"] = "pre-switchover" }, cancellation);
            if (await EndAsync(source, told, cancellation) != "completed")
                throw new HostException(await ReasonAsync(source));
            if (goesOn)
                await ContinueAsync(source, cancellation);
            var end = goesOn
                ? await source.WaitAsync(told, e => e.Name == "RESUME", cancellation)
                : await source.WaitAsync(told, e => e.MigrationStatus == "completed", cancellation);
            var stop = source.Events.Skip(told).Last(e => e.Name == "STOP");
            var memory = (await source.ExecuteAsync("query-migrate", null, cancellation)).GetProperty("ram");
            return new Result(end.At - stop.At, memory.GetProperty("transferred").GetInt64());
        }
        catch
        {
            await ResumeAsync(source);
            throw;
        }
    }

    /// <summary>QEMU says that the copy is complete a moment before it lets the source go on.</summary>
    private static async Task ContinueAsync(QmpClient source, CancellationToken cancellation)
    {
        for (var begin = TimeProvider.System.GetTimestamp(); ; await Task.Delay(1, cancellation))
        {
            try
            {
                await source.ExecuteAsync("cont", null, cancellation);
                return;
            }
            catch (HostException e) when (
                e.Message.Contains("not finalized yet", StringComparison.Ordinal)
                    && TimeProvider.System.GetElapsedTime(begin) < FinalizePatience)
            {
                // Once more.
            }
        }
    }

    /// <summary>
    /// Waits until the source stands still; a guest that writes too fast for a short pause gets a longer one, and at last none.
    /// </summary>
    private static async Task ConvergeAsync(QmpClient source, int told, CancellationToken cancellation)
    {
        var pause = FirstPauseMilliseconds;
        var begin = TimeProvider.System.GetTimestamp();
        while (true)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(StepPatience);
            try
            {
                var status = (await source.WaitAsync(
                    told, e => e.MigrationStatus is "pre-switchover" or "failed" or "cancelled", patience.Token)).MigrationStatus;
                if (status == "pre-switchover")
                    return;
                throw new HostException(await ReasonAsync(source));
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                if (TimeProvider.System.GetElapsedTime(begin) > Patience)
                    throw new HostException($"the guest changes its memory faster than it can be copied within a pause of {pause} ms");
                pause = Math.Min(LongestPauseMilliseconds, pause * 2);
                await SetAsync(source, pause, cancellation);
            }
        }
    }

    private static async Task<string> EndAsync(QmpClient source, int told, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(StepPatience);
        try
        {
            return (await source.WaitAsync(
                told, e => e.MigrationStatus is "completed" or "failed" or "cancelled", patience.Token)).MigrationStatus!;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new HostException($"the copy does not end within {StepPatience.TotalSeconds:0} s of its pause");
        }
    }

    private static Task PrepareAsync(QmpClient qemu, CancellationToken cancellation) => qemu.ExecuteAsync(
        "migrate-set-capabilities",
        new JsonObject
        {
            ["capabilities"] = new JsonArray(
                new JsonObject { ["capability"] = "events", ["state"] = true },
                new JsonObject { ["capability"] = "pause-before-switchover", ["state"] = true }),
        },
        cancellation);

    private static Task SetAsync(QmpClient source, int pauseMilliseconds, CancellationToken cancellation) => source.ExecuteAsync(
        "migrate-set-parameters",
        new JsonObject { ["max-bandwidth"] = BytesPerSecond, ["downtime-limit"] = pauseMilliseconds },
        cancellation);

    private static async Task<string> ReasonAsync(QmpClient source)
    {
        var state = await source.ExecuteAsync("query-migrate", null, CancellationToken.None);
        return state.TryGetProperty("error-desc", out var reason)
            ? $"QEMU: {reason.GetString()}"
            : $"the copy ended as {state.GetProperty("status").GetString()}";
    }

    /// <summary>Whatever happened: the source must run.</summary>
    public static async Task ResumeAsync(QmpClient source)
    {
        using var patience = new CancellationTokenSource(StepPatience);
        try
        {
            await source.ExecuteAsync("migrate_cancel", null, patience.Token);
            while (!(await source.ExecuteAsync("query-status", null, patience.Token)).GetProperty("running").GetBoolean())
            {
                var state = await source.ExecuteAsync("query-migrate", null, patience.Token);
                // It lets nobody in while it is being cancelled.
                if (!state.TryGetProperty("status", out var status)
                    || status.GetString() is "cancelled" or "failed" or "completed" or "none")
                {
                    await source.ExecuteAsync("cont", null, patience.Token);
                }

                await Task.Delay(5, patience.Token);
            }
        }
        catch (Exception e) when (e is HostException or OperationCanceledException)
        {
            // QEMU has ended: there is nothing left to resume.
        }
    }
}
