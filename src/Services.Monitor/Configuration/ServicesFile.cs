using JustRunIt.Events.Explorations;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.Services.Monitor.Configuration;

/// <summary>
/// The configuration file: services, their agreements and tiers, and what to explore (§2.2.2). YAML or JSON; the format is
/// described in <c>docs/configuration.md</c>.
/// </summary>
internal static class ServicesFile
{
    /// <summary>Resources that host agents can set.</summary>
    internal static readonly string[] Resources = [ResourceNames.Cpu, ResourceNames.Memory, ResourceNames.Frequency];

    /// <summary>So many cells are filled in one go, and each is read by every decision.</summary>
    private const int MostCells = 10_000;

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>Reads and checks a file.</summary>
    /// <exception cref="ConfigurationException">The first thing that is wrong in it.</exception>
    public static ConfigurationRead Read(string file)
    {
        var root = YamlField.Root(file).Group("dataCenter", "policy", "services");
        var dataCenter = root.Required("dataCenter").Name();
        var services = new List<ServiceRegistered>();
        foreach (var field in root.Required("services").List())
        {
            var service = Service(field.Group("name", "sla", "tiers", "exploration"), dataCenter);
            if (services.Any(other => other.Service == service.Service))
                throw field.Required("name").Error("a name that no other service has");
            services.Add(service);
        }

        return new ConfigurationRead(dataCenter, PolicySection.Read(root.Optional("policy")), services);
    }

    private static ServiceRegistered Service(YamlField field, string dataCenter)
    {
        var tiers = new List<TierDefinition>();
        foreach (var tierField in field.Required("tiers").List())
        {
            var tier = Tier(tierField.Group("name", "vms", "proxyNode", "sandboxNext"));
            if (tiers.Any(other => other.Name == tier.Name))
                throw tierField.Required("name").Error("a name that no other tier of the service has");
            tiers.Add(tier);
        }

        var sla = field.Required("sla").Group(
            "meanResponseTime",
            "availability",
            "window",
            "measuredAt",
            "monitor",
            "slackThreshold",
            "minimumRequests",
            "repeatAfterWindows");
        return new ServiceRegistered(
            field.Required("name").Name(),
            dataCenter,
            new ServiceLevel(
                Agreement.OnMean(sla.Required("meanResponseTime").Duration(Millisecond, Day)),
                sla.Required("window").Duration(Second, Day),
                sla.Optional("slackThreshold")?.Fraction(0, 1) ?? 1,
                sla.Optional("minimumRequests")?.Whole(1, int.MaxValue) ?? 1,
                sla.Optional("repeatAfterWindows")?.Whole(1, int.MaxValue) ?? 12,
                sla.Optional("monitor")?.Name(),
                Availability(sla.Optional("availability"))),
            TierName(sla.Required("measuredAt"), tiers),
            tiers,
            Exploration(field.Required("exploration"), tiers),
            default);
    }

    private static double? Availability(YamlField? field) => field?.Fraction(0, 1) switch
    {
        null => null,
        > 0 and var fraction => fraction,
        _ => throw field.Error("a percentage above 0 % and at most 100 %"),
    };

    private static TierDefinition Tier(YamlField field) => new(
        field.Required("name").Name(),
        [.. field.Required("vms").List().Select(vm => vm.Name())],
        field.Optional("proxyNode")?.Name(),
        field.Optional("sandboxNext")?.Endpoint(EndpointKinds.HostName).ToString());

    private static ExplorationSettings Exploration(YamlField field, List<TierDefinition> tiers)
    {
        field.Group(
            "tiers",
            "resources",
            "experiments",
            "timeBudget",
            "timeShift",
            "settleLimit",
            "warmUp",
            "measure",
            "heuristics",
            "slack",
            "mismatchThreshold",
            "cooldown");
        var dimensions = new List<Dimension>();
        foreach (var resource in field.Required("resources").List())
        {
            var dimension = Resource(resource.Group("name", "minimum", "maximum", "points"));
            if (dimensions.Any(other => other.Resource == dimension.Resource))
                throw resource.Required("name").Error("a resource that is not varied already");
            dimensions.Add(dimension);
        }

        var cells = dimensions.Aggregate(1.0, (product, dimension) => product * dimension.Points);
        if (cells > MostCells)
            throw field.Required("resources").Error($"at most {MostCells} combinations of points in all; these are {cells:0}");
        var corners = 1 << dimensions.Count;
        return new ExplorationSettings(
            Tiers(field.Required("tiers"), tiers),
            dimensions,
            field.Required("experiments").Whole(corners, 10_000),
            field.Required("timeBudget").Duration(Second, Day),
            new ExperimentDurations(
                field.Optional("timeShift")?.Duration(Millisecond, Day) ?? TimeSpan.FromSeconds(10),
                field.Optional("settleLimit")?.Duration(TimeSpan.Zero, Day) ?? TimeSpan.FromSeconds(10),
                field.Optional("warmUp")?.Duration(TimeSpan.Zero, Day) ?? TimeSpan.FromSeconds(10),
                field.Required("measure").Duration(Second, Day)),
            field.Optional("heuristics")?.Group("diminishingReturns").Optional("diminishingReturns")?.Fraction(0, 1),
            field.Optional("slack")?.Fraction(0, 1) ?? 0.2,
            field.Optional("mismatchThreshold")?.Fraction(0, 10) ?? 0.2,
            field.Optional("cooldown")?.Duration(TimeSpan.Zero, Day) ?? TimeSpan.FromMinutes(1));
    }

    private static List<string> Tiers(YamlField field, List<TierDefinition> tiers)
    {
        var named = new List<string>();
        foreach (var tier in field.List())
        {
            var name = TierName(tier, tiers);
            if (named.Contains(name))
                throw tier.Error("a tier that is not named already");
            named.Add(name);
        }

        return named;
    }

    private static Dimension Resource(YamlField field)
    {
        var name = field.Required("name");
        if (!Resources.Contains(name.Text()))
            throw name.Error($"{ResourceNames.Cpu} (share of a core), {ResourceNames.Memory} (MiB) or {ResourceNames.Frequency} (MHz)");
        var isCpu = name.Text() == ResourceNames.Cpu;
        double Read(YamlField value) => isCpu ? value.Fraction(0.01, 1024) : value.Number(1, 1 << 30);
        var minimum = Read(field.Required("minimum"));
        var maximumField = field.Required("maximum");
        var maximum = Read(maximumField);
        if (maximum <= minimum)
            throw maximumField.Error("more than the minimum");
        return new Dimension(name.Text(), minimum, maximum, field.Required("points").Whole(2, 1000));
    }

    private static string TierName(YamlField field, List<TierDefinition> tiers) =>
        tiers.Any(tier => tier.Name == field.Text())
            ? field.Text()
            : throw field.Error($"a tier of the service: {string.Join(", ", tiers.Select(tier => tier.Name))}");
}
