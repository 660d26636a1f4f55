using System.Runtime.CompilerServices;
using System.Text.Json;
using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Sandboxes;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Upcasting;

namespace JustRunIt.Events.Tests;

/// <summary>
/// Streams that every released version wrote, kept as they stood in its store, are read as events of today. A new version of an
/// event adds its predecessor's streams here, and never changes what is here.
/// </summary>
public sealed class UpcastingTests
{
    private static readonly IReadOnlyList<Row> First = [.. File.ReadLines(Path.Combine(Here(), "Stored", "v1.jsonl"))
        .Select(line => JsonSerializer.Deserialize<Row>(line, Wire.Json)!)];

    [Fact]
    public void Every_stored_event_is_read_and_every_state_folds()
    {
        foreach (var stream in First.GroupBy(row => row.Stream))
        {
            var events = stream.OrderBy(row => row.Version).Select(Read).ToList();
            object _ = stream.Key.Split('-')[0] switch
            {
                "service" => Given.Events<ServiceState>(events),
                "explorations" => Given.Events<ExplorationsState>(events),
                "matrix" => Given.Events<MatrixState>(events),
                "sandbox" => Given.Events<SandboxState>(events),
                "datacenter" => Given.Events<PlacementState>(events),
                _ => throw new InvalidOperationException(stream.Key),
            };
        }
    }

    [Fact]
    public void A_matrix_of_the_first_version_says_what_it_said()
    {
        var matrix = Given.Events<MatrixState>(
            First.Where(row => row.Stream.StartsWith("matrix-")).OrderBy(row => row.Version).Select(Read));
        Assert.Equal([0.4, 0.6, 0.8], matrix.Measured.Values.Select(result => result.Allocation[ResourceNames.Cpu]!.Value));
        Assert.Equal(55.5291, matrix.Measured[new(0)].Sandbox.Metrics[MetricNames.MeanMs]!.Value.Value, 4);
        Assert.Equal(2, matrix.Interpolated.Count);
        Assert.Equal(Agreement.OnMean(TimeSpan.FromMilliseconds(120)), matrix.Settings.Agreement);
        Assert.True(matrix.Filled);
    }

    [Fact]
    public void A_data_centre_of_the_first_version_says_who_ran_where_with_what()
    {
        var state = Given.Events<PlacementState>(
            First.Where(row => row.Stream == "datacenter-scene").OrderBy(row => row.Version).Select(Read));
        Assert.Null(state.InProgress);
        Assert.Equal("host-1", state.Inventory.Vms["calculator-1"].Machine);
        Assert.Equal(0.48, state.Inventory.Vms["calculator-1"].Allocation[ResourceNames.Cpu]);
        Assert.Equal(1024, state.Inventory.Machines["host-1"].Capacity[ResourceNames.Memory]);
        Assert.Equal(17968978618655561883, First.Select(Read).OfType<PlacementDecided>().Single().Seed);
    }

    [Fact]
    public void What_was_read_is_written_as_today_and_reads_back_the_same()
    {
        foreach (var @event in First.Select(Read))
        {
            var json = JsonSerializer.Serialize(@event, @event.GetType(), Wire.Json);
            Assert.Equal(
                json, JsonSerializer.Serialize(StoredEvents.Read(Wire.NameOf(@event.GetType()), json), @event.GetType(), Wire.Json));
        }
    }

    [Fact]
    public void An_old_name_is_never_given_to_a_new_event() => Assert.All(StoredEvents.OldNames, name => Assert.Null(Wire.TypeOf(name)));

    [Fact]
    public void Every_version_of_an_event_below_the_present_one_can_be_read() => Assert.All(
        Wire.Types.Where(type => type.IsAssignableTo(typeof(IDomainEvent))).Select(Wire.NameOf),
        name =>
        {
            var version = int.Parse(name[(name.LastIndexOf(".v", StringComparison.Ordinal) + 2)..]);
            for (var older = 1; older < version; older++)
                Assert.Contains($"{name[..name.LastIndexOf(".v", StringComparison.Ordinal)]}.v{older}", StoredEvents.OldNames);
        });

    [Fact]
    public void An_event_that_nobody_knows_is_refused_by_name() =>
        Assert.Contains(
            "justrunit.moon-landed.v1",
            Assert.Throws<UnknownEventException>(() => StoredEvents.Read("justrunit.moon-landed.v1", "{}")).Message);

    private static IDomainEvent Read(Row row) => StoredEvents.Read(row.Type, row.Data.GetRawText());

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;

    private sealed record Row(string Stream, long Version, string Type, JsonElement Data);
}
