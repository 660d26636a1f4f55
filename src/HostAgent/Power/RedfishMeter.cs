using System.Text.Json;
using JustRunIt.Events.Quantities;

namespace JustRunIt.HostAgent.Power;

/// <summary>
/// A management processor that speaks Redfish (DMTF DSP0266, schemas DSP8010). The chassis' power stands in one of three
/// places, the newest first: EnvironmentMetrics (PowerWatts.Reading), Power (PowerControl[].PowerConsumedWatts), and the
/// chassis' sensors (ReadingType Power of the whole chassis).
/// </summary>
internal sealed class RedfishMeter(RedfishSettings settings) : IPowerMeter
{
    private readonly RedfishClient client = new(settings);
    private (string Path, Func<JsonElement, double?> Read)? source;

    /// <inheritdoc />
    public string Description => $"redfish ({settings.Url.Host})";

    /// <inheritdoc />
    public bool Estimated => false;

    /// <inheritdoc />
    public async Task<Watts?> ReadAsync(CancellationToken cancellation)
    {
        // Once found, the place is kept; when nothing stands there any more it is looked for again.
        if (source is { } known && await ReadingAsync(known.Path, known.Read, cancellation) is { } watts)
            return watts;
        source = null;
        var chassis = await ChassisAsync(cancellation);
        var candidates = new List<(string? Path, Func<JsonElement, double?> Read)>
        {
            (RedfishLink.Of(chassis, "EnvironmentMetrics"), EnvironmentMetrics),
            (RedfishLink.Of(chassis, "Power"), PowerControl),
        };
        foreach (var (path, read) in candidates)
        {
            if (path is not null && await ReadingAsync(path, read, cancellation) is { } found)
                return Keep(path, read, found);
        }

        foreach (var sensor in await SensorsAsync(chassis, cancellation))
        {
            if (await ReadingAsync(sensor, Sensor, cancellation) is { } found)
                return Keep(sensor, Sensor, found);
        }

        throw new PowerMeterException(
            $"redfish: {RedfishLink.Of(chassis)} tells its power neither in EnvironmentMetrics nor in Power nor by a sensor");
    }

    /// <inheritdoc />
    public void Dispose() => client.Dispose();

    internal static double? EnvironmentMetrics(JsonElement resource) =>
        resource.TryGetProperty("PowerWatts", out var watts) && watts.ValueKind == JsonValueKind.Object ? Number(watts, "Reading") : null;

    /// <summary>The first entry with a reading is the whole chassis' (the schema's own order); later ones are parts of it.</summary>
    internal static double? PowerControl(JsonElement resource) =>
        resource.TryGetProperty("PowerControl", out var controls) && controls.ValueKind == JsonValueKind.Array
            ? controls.EnumerateArray().Select(control => Number(control, "PowerConsumedWatts")).FirstOrDefault(watts => watts is not null)
            : null;

    /// <summary>A sensor of a power supply or processor is a part only: the whole chassis says so by its physical context.</summary>
    internal static double? Sensor(JsonElement resource) =>
        Text(resource, "ReadingType") == "Power" && Text(resource, "PhysicalContext") is "Chassis" or null
            && Text(resource, "ElectricalContext") is "Total" or null
            ? Number(resource, "Reading")
            : null;

    private static double? Number(JsonElement resource, string property) =>
        resource.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    private static string? Text(JsonElement resource, string property) =>
        resource.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private Watts Keep(string path, Func<JsonElement, double?> read, Watts found)
    {
        source = (path, read);
        return found;
    }

    private async Task<Watts?> ReadingAsync(string path, Func<JsonElement, double?> read, CancellationToken cancellation) =>
        await client.GetAsync(path, cancellation) is { } resource && read(resource) is { } watts and >= 0 ? new Watts(watts) : null;

    private async Task<JsonElement> ChassisAsync(CancellationToken cancellation)
    {
        var root = await client.GetAsync(RedfishClient.Root, cancellation)
            ?? throw new PowerMeterException($"redfish: {settings.Url} has no service root");
        var collection = RedfishLink.Of(root, "Chassis") is { } path ? await client.GetAsync(path, cancellation) : null;
        var members = collection is { } chassis ? RedfishLink.Members(chassis) : [];
        var names = string.Join(", ", members.Select(NameOf));
        var chosen = settings.Chassis is { } wanted
            ? members.FirstOrDefault(member => NameOf(member) == wanted)
                ?? throw new PowerMeterException($"redfish: there is no chassis {wanted}; there are: {names}")
            : members.Count == 1
                ? members[0]
                : throw new PowerMeterException($"redfish: which chassis? power.redfish.chassis must name one of: {names}");
        return await client.GetAsync(chosen, cancellation) ?? throw new PowerMeterException($"redfish: {chosen} is not there");
    }

    private async Task<IReadOnlyList<string>> SensorsAsync(JsonElement chassis, CancellationToken cancellation) =>
        RedfishLink.Of(chassis, "Sensors") is { } path && await client.GetAsync(path, cancellation) is { } sensors
            ? RedfishLink.Members(sensors)
            : [];

    private static string NameOf(string path) => path[(path.TrimEnd('/').LastIndexOf('/') + 1)..].TrimEnd('/');
}
