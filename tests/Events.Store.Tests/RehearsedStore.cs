using System.Reflection;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Tests;
using JustRunIt.Hosting.Messaging;
using Marten;
using Microsoft.Extensions.Logging.Abstractions;

namespace JustRunIt.Events.Store.Tests;

/// <summary>
/// A store that every real decider has written to, as the services do: what a rehearsal of the whole loop delivered is delivered again,
/// to the runner.
/// </summary>
public sealed class RehearsedStore : IAsyncLifetime
{
    private const int Messages = 600;
    private const string Events = "justrunit.mt_events";
    private const string Kept = "justrunit.kept_events";

    private static readonly MethodInfo HandleOne =
        typeof(RehearsedStore).GetMethod(nameof(HandleAsync), BindingFlags.NonPublic | BindingFlags.Static)!;

    /// <summary>The store.</summary>
    public Scene Scene { get; } = new();

    /// <summary>How many events the rehearsal stated.</summary>
    public int Stated { get; private set; }

    public async Task InitializeAsync()
    {
        await Scene.InitializeAsync();
        Stated = await FillAsync(Scene);
        await Scene.ScalarAsync($"CREATE TABLE {Kept} AS SELECT * FROM {Events}");
    }

    public Task DisposeAsync() => Scene.DisposeAsync();

    /// <summary>Undoes what a test has changed.</summary>
    public Task RestoreAsync() => Scene.ScalarAsync(
        $"""
        DELETE FROM {Events};
        DELETE FROM justrunit.mt_streams WHERE id NOT IN (SELECT stream_id FROM {Kept});
        INSERT INTO {Events} SELECT * FROM {Kept};
        ANALYZE {Events}
        """);

    private static async Task<int> FillAsync(Scene scene)
    {
        // One that comes to the last step.
        var rehearsal = Enumerable.Range(0, 40).Select(seed => new Rehearsal(seed).Play(Messages))
            .First(rehearsal => rehearsal.Stated.Any(stated => stated.Event is PlacementApplied));
        using var meter = new DecisionMeter();
        var windows = new Windows();
        var runner = new DecisionRunner(
            scene.Marten,
            scene.Store,
            scene.DataSource,
            [windows, new NoPower()],
            [windows],
            meter,
            NullLogger<DecisionRunner>.Instance);
        foreach (var (decider, message, cause) in rehearsal.Handled)
        {
            var handled = (Task)HandleOne.MakeGenericMethod(message.GetType()).Invoke(null, [runner, decider, message, cause])!;
            await handled;
        }

        return rehearsal.Stated.Count;
    }

    private static async Task HandleAsync<TMessage>(DecisionRunner runner, IDecider<TMessage> decider, TMessage message, Cause cause)
        where TMessage : class
    {
        try
        {
            await runner.HandleAsync(decider, message, cause, CancellationToken.None);
        }
        catch (MalformedMessageException)
        {
            // Refused, as some of the rehearsed answers are to be.
        }
    }

    /// <summary>Windows in memory.</summary>
    private sealed class Windows : IFactSource, IKeeper
    {
        private readonly Dictionary<object, SlaWindow> windows = [];

        public Type Asked => typeof(OpenWindowAsked);

        public Type Kept => typeof(OpenWindow);

        public Task<object?> AnswerAsync(object asked, IDocumentSession session, CancellationToken cancellation) =>
            Task.FromResult<object?>(windows.GetValueOrDefault(asked, SlaWindow.Empty));

        public void Keep(IKept kept, IDocumentSession session) => windows[kept.Asked] = ((OpenWindow)kept).Window;
    }

    /// <summary>Nothing is known of power.</summary>
    private sealed class NoPower : IFactSource
    {
        public Type Asked => typeof(Hosts.PowerAsked);

        public Task<object?> AnswerAsync(object asked, IDocumentSession session, CancellationToken cancellation) =>
            Task.FromResult<object?>(null);
    }
}
