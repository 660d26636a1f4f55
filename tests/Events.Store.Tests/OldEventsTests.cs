using System.Text.Json;
using JasperFx.Events;
using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Matrices.Checking;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Sandboxes;
using JustRunIt.Events.Sla;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Infrastructure;
using Marten;
using Marten.Events;

namespace JustRunIt.Events.Store.Tests;

/// <summary>Events that older programs wrote are read, decided on and relayed as if they were of today; those of newer ones wait.</summary>
public sealed class OldEventsTests : IAsyncLifetime
{
    private const string MatrixStream = "matrix-4ff47dc7bcca58ac9d902329815ba150";
    private static readonly Guid Matrix = Guid.Parse("4ff47dc7-bcca-58ac-9d90-2329815ba150");
    private readonly Scene scene = new();
    private Listener bus = null!;

    public async Task InitializeAsync()
    {
        await scene.InitializeAsync();
        bus = await Listener.ConnectAsync(await scene.ConnectAsync());
    }

    public async Task DisposeAsync()
    {
        await bus.DisposeAsync();
        await scene.DisposeAsync();
    }

    [Fact]
    public async Task Streams_of_the_first_program_are_states_of_today_and_are_gone_on_from()
    {
        foreach (var stream in Samples.OfFirstProgram)
            await scene.AppendRawAsync(stream.Key, stream);

        var matrix = await LoadAsync<MatrixState>(MatrixStream);
        Assert.Equal(16, matrix.Version);
        Assert.Equal((3, 2, true), (matrix.State.Measured.Count, matrix.State.Interpolated.Count, matrix.State.Filled));
        Assert.Equal(55.5291, matrix.State.Measured[new Cell(0)].Sandbox.Metrics[MetricNames.MeanMs]!.Value.Value, 9);
        var service = await LoadAsync<ServiceState>("service-calculator");
        Assert.Equal((6, 120.0), (service.Version, service.State.Registered!.Level.Agreement.AtMost));
        Assert.Empty(service.State.Violations);
        var placement = await LoadAsync<PlacementState>("datacenter-scene");
        Assert.Equal((8, 0.48), (placement.Version, placement.State.Inventory.Vms["calculator-1"].Allocation.Cpu!.Value.Cores));
        Assert.Null((await LoadAsync<ExplorationsState>("explorations-calculator")).State.Active);
        Assert.Null((await LoadAsync<SandboxState>("sandbox-scene-sandbox-1")).State.Holder);

        var joined = await HandleAsync(new InventoryDecider(), new MachineAnnounced(
            "scene", "scene", "host-2", MachineRole.Production, Allocation.None.With(ResourceNames.Cpu, 2), "process", true));
        Assert.Null(joined.Why);
        Assert.Contains("host-2", (await LoadAsync<Inventory>("datacenter-scene")).State.Machines.Keys);
        var scheduled = await HandleAsync(new CheckingDecider(), new InterpolationUsed(Matrix, new Cell(1), Guid.NewGuid()));
        Assert.IsType<ValidationScheduled>(Assert.Single(scheduled.Of(MatrixStream)));
        Assert.Equal(17, (await LoadAsync<MatrixState>(MatrixStream)).Version);
    }

    [Fact]
    public async Task An_event_of_the_first_program_is_relayed_under_its_present_name_and_its_commands_follow()
    {
        await bus.HearAsync<MatrixOpened>();
        await bus.HearAsync<CloneRequested>();
        await bus.HearAsync<ExperimentsEnded>();
        await bus.TakeAsync<CloneVm>(Names.HostAgent("scene"));
        await bus.TakeAsync<SetAllocation>(Names.HostAgent("scene"));
        await scene.AppendRawAsync(MatrixStream, Samples.OfFirstProgram[MatrixStream]);
        using var host = await scene.StartAsync();
        var requested = await bus.UntilAsync<CloneRequested>();
        Assert.Equal("calculator-1-clone-6ec4c06f", requested.Body["cloneName"]!.GetValue<string>());
        Assert.NotNull(requested.Body["answerBy"]);
        var clone = await bus.UntilAsync<CloneVm>();
        Assert.Equal(requested.Id.ToString(), clone.Causation);
        Assert.Equal("calculator-1", clone.Body["vm"]!.GetValue<string>());
        var allocation = await bus.UntilAsync<SetAllocation>();
        Assert.Equal(0.4, allocation.Body["allocation"]!["cpu"]!.GetValue<double>());
        // Its name has not changed since, but its fields were written in Pascal case.
        var ended = await bus.UntilAsync<ExperimentsEnded>();
        Assert.Equal(["agent", "at", "cloneName", "matrixId", "proxyNode", "purpose", "reason", "service", "tier"],
            ended.Body.AsObject().Select(field => field.Key).Order(StringComparer.Ordinal));
        await host.StopAsync();
    }

    [Fact]
    public async Task A_database_of_the_first_program_is_brought_up_to_date_and_gone_on_with()
    {
        await MakeDatabaseOfFirstProgramAsync();
        await bus.HearAsync<CloneRequested>();
        foreach (var stream in Samples.OfFirstProgram)
            await scene.AppendRawAsync(stream.Key, stream);
        using var host = await scene.StartAsync();
        await bus.UntilAsync<CloneRequested>();
        var scheduled = await HandleAsync(new CheckingDecider(), new InterpolationUsed(Matrix, new Cell(1), Guid.NewGuid()));
        Assert.Null(scheduled.Why);
        await bus.HearAsync<SandboxAwaited>();
        await scene.AppendAsync(Guid.NewGuid(), 1, DateTimeOffset.UtcNow);
        await scene.UntilAsync(seen => seen.Count == 2, "an event and its timer are sent, besides the old ones");
        Assert.All(scene.Seen, message => Assert.NotNull(message.Causation));
        Assert.Equal(1, await scene.CountAsync($"SELECT count(*) FROM pg_indexes WHERE indexname = '{HandledTable.CauseIndex}'"));
        await host.StopAsync();
    }

    [Fact]
    public async Task An_event_that_is_not_known_is_parked_what_follows_passes_and_a_program_that_knows_it_sends_it()
    {
        var (matrix, json) = (Guid.NewGuid(), JsonSerializer.Serialize(Scene.Event(Matrix), Wire.Json));
        await scene.AppendRawAsync("matrix-new", ("justrunit.sandbox-awaited.v99", json));
        await scene.AppendAsync(matrix, 2);
        using (var host = await scene.StartAsync())
        {
            await scene.UntilAsync(seen => seen.Count == 2, "what follows passes");
            Assert.Equal("justrunit.sandbox-awaited.v99", await scene.ScalarAsync("SELECT wire_name FROM justrunit.parked"));
            await host.StopAsync();
        }

        using (var same = await scene.StartAsync())
        {
            await scene.AppendAsync(matrix, 1);
            await scene.UntilAsync(seen => Different(seen) == 3, "another start goes on, and parks nothing twice");
            Assert.Equal(1, await scene.CountAsync("SELECT count(*) FROM justrunit.parked"));
            await same.StopAsync();
        }

        await scene.ScalarAsync("UPDATE justrunit.mt_events SET type = 'justrunit.sandbox-awaited.v1' WHERE stream_id = 'matrix-new'");
        using var newer = await scene.StartAsync();
        await scene.UntilAsync(seen => Different(seen) == 4, "the parked one is sent");
        Assert.Single(scene.Seen.Where(seen => seen.Stream == "matrix-new").Select(seen => seen.Id).Distinct());
        const string parked = "SELECT count(*) FROM justrunit.parked";
        for (var end = DateTime.UtcNow.AddMinutes(1); await scene.CountAsync(parked) > 0; await Task.Delay(20))
            Assert.True(DateTime.UtcNow < end, "the parked one is parked no longer");
        await newer.StopAsync();
    }

    /// <summary>A relay that starts where another has ended may repeat what that had sent last.</summary>
    private static int Different(IReadOnlyList<Seen> seen) => seen.Select(message => message.Id).Distinct().Count();

    [Theory]
    [InlineData("justrunit.sandbox-awaited.v1", "{}")]
    [InlineData("justrunit.matrix-opened.v1", "{\"MatrixId\": 5}")]
    [InlineData("justrunit.clone-requested.v2", "{\"matrixId\": null}")]
    [InlineData("justrunit.service-registered.v1", "{}")]
    public async Task An_event_whose_body_cannot_be_read_holds_nothing_up(string type, string json)
    {
        await scene.AppendRawAsync("matrix-broken", (type, json));
        await scene.AppendAsync(Guid.NewGuid(), 1);
        using var host = await scene.StartAsync();
        await scene.UntilAsync(seen => seen.Count == 1, "what follows passes");
        // Parked before what follows was handed over.
        Assert.Equal(type, await scene.ScalarAsync("SELECT wire_name FROM justrunit.parked"));
        await host.StopAsync();
    }

    /// <summary>As the first program set it up: without headers of events, and with timers that did not tell their cause.</summary>
    private async Task MakeDatabaseOfFirstProgramAsync()
    {
        await scene.ScalarAsync("DROP SCHEMA justrunit CASCADE");
        using var first = DocumentStore.For(options =>
        {
            options.Connection(scene.DataSource);
            options.DatabaseSchemaName = StoreSetup.Schema;
            options.Events.DatabaseSchemaName = StoreSetup.Schema;
            options.Events.StreamIdentity = StreamIdentity.AsString;
            options.Events.AppendMode = EventAppendMode.Quick;
            options.Events.MetadataConfig.CausationIdEnabled = true;
            options.Events.MetadataConfig.CorrelationIdEnabled = true;
            options.Events.MapEventType<SandboxAwaited>("justrunit.sandbox-awaited.v1");
        });
        await first.Storage.ApplyAllConfiguredChangesToDatabaseAsync();
        await scene.ScalarAsync(
            """
            CREATE TABLE justrunit.timers (
                id uuid PRIMARY KEY, due_at timestamptz NOT NULL, correlation_id uuid NOT NULL, timer jsonb NOT NULL);
            """);
        Assert.Equal(0, await scene.CountAsync(
            "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'justrunit' AND column_name = 'headers'"));
    }

    private Task<Versioned<TState>> LoadAsync<TState>(string stream)
        where TState : class, IState<TState> => scene.Store.LoadAsync<TState>(stream, CancellationToken.None);

    private Task<Decision> HandleAsync<TMessage>(IDecider<TMessage> decider, TMessage message)
        where TMessage : class =>
        scene.Runner.HandleAsync(
            decider, message, new Cause(Guid.NewGuid(), Guid.NewGuid(), DateTimeOffset.UtcNow), CancellationToken.None);
}
