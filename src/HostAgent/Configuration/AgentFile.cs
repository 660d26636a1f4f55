using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.BackEnds;
using JustRunIt.HostAgent.Power;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.HostAgent.Configuration;

/// <summary>The host agent's configuration file, YAML or JSON; the format is described in <c>docs/configuration.md</c>.</summary>
internal static class AgentFile
{
    private const double MaximumWatts = 100_000;
    private const int MaximumLogMebibytes = 10_240;
    private const int MaximumLogFiles = 100;
    private static readonly TimeSpan DefaultPeriod = TimeSpan.FromMilliseconds(10);

    /// <summary>Reads and checks a file.</summary>
    /// <exception cref="ConfigurationException">The first thing that is wrong in it.</exception>
    public static AgentSettings Read(string file)
    {
        var root = YamlField.Root(file).Group(
            "dataCenter", "agent", "stateFolder", "coreSize", "simulated", "quotaPeriod", "isolation", "onStop", "backEnd", "machines",
            "power", "allow", "logs");
        var power = root.Optional("power") is { } group ? PowerFile.Read(group) : null;
        var machines = new List<MachineSettings>();
        foreach (var field in root.Required("machines").List())
        {
            var machine = Machine(field.Group("name", "role", "cpu", "memoryMiB", "baseWatts", "dynamicWatts"), power);
            if (machines.Any(other => other.Name == machine.Name))
                throw field.Required("name").Error("a name that no other machine has");
            machines.Add(machine);
        }

        if (power is not null && power.Meter != MeterKind.Estimate && machines.Count > 1)
            throw root.Required("power").Required("meter").Error(
                "estimate where the agent has several machines: one meter cannot tell them apart");
        return new AgentSettings(
            root.Required("dataCenter").Name(),
            root.Required("agent").Name(),
            root.Required("stateFolder").Text(),
            root.Optional("coreSize")?.Number(0.01, 1) ?? 1,
            OneOf(root.Optional("simulated"), "false", "true") == 1,
            root.Optional("quotaPeriod")?.Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1)) ?? DefaultPeriod,
            (Isolation)OneOf(root.Optional("isolation"), "namespace", "none"),
            OneOf(root.Optional("onStop"), "keep", "stop") == 1,
            machines,
            BackEnd(root.Optional("backEnd")),
            power,
            root.Optional("allow") is { } allow ? AllowedIn(allow.Group("programs", "images", "users")) : Allowed.Nothing)
        {
            Logs = Logs(root.Optional("logs")?.Group("sizeMiB", "keep")),
        };
    }

    private static Allowed AllowedIn(YamlField allow) => new(
        [.. allow.Required("programs").List().Select(field => Program(field.Group(
            "executable", "arguments", "environment", "secrets", "plain")))],
        Texts(allow.Optional("images")),
        allow.Optional("users") is { } users ? Texts(users) : [Allowed.OwnUser]);

    private static LogLimits Logs(YamlField? field) => new(
        field?.Optional("sizeMiB") is { } size ? MemorySize.FromMebibytes(size.Whole(1, MaximumLogMebibytes)) : LogLimits.Default.Size,
        field?.Optional("keep")?.Whole(0, MaximumLogFiles) ?? LogLimits.Default.Keep);

    private static AllowedProgram Program(YamlField field)
    {
        var executable = field.Required("executable");
        if (executable.Text().Contains('/', StringComparison.Ordinal) && !executable.Text().StartsWith('/'))
            throw executable.Error("an absolute path, or a name without '/'");
        var (secrets, plain) = (field.Optional("secrets"), field.Optional("plain"));
        var given = Texts(field.Optional("environment")).Union(Texts(secrets)).Union(Texts(plain));
        return new AllowedProgram(executable.Text(), Texts(field.Optional("arguments")), [.. given])
        {
            Secrets = Texts(secrets),
            Plain = [.. Texts(plain).Except(Texts(secrets))],
        };
    }

    private static string[] Texts(YamlField? list) => [.. list?.List().Select(field => field.Text()) ?? []];

    private static MachineSettings Machine(YamlField field, PowerSettings? power) =>
        new(
            field.Required("name").Name(),
            (MachineRole)OneOf(field.Required("role"), "production", "spare", "sandbox"),
            new CpuShare(field.Required("cpu").Fraction(0.01, 4096)),
            MemorySize.FromMebibytes(field.Required("memoryMiB").Whole(16, int.MaxValue)),
            Power(field, "baseWatts", power),
            Power(field, "dynamicWatts", power));

    /// <summary>An estimate is made of these numbers; a meter needs none, and may be told the base.</summary>
    private static Watts? Power(YamlField machine, string name, PowerSettings? power)
    {
        var field = power?.Meter == MeterKind.Estimate ? machine.Required(name) : machine.Optional(name);
        return field is null ? null : new Watts(field.Number(0, MaximumWatts));
    }

    private static string BackEnd(YamlField? field) => BackEndRegistry.Names[OneOf(field, [.. BackEndRegistry.Names])];

    private static int OneOf(YamlField? field, params string[] allowed)
    {
        if (field is null)
            return 0;
        var index = Array.IndexOf(allowed, field.Text());
        return index >= 0 ? index : throw field.Error(string.Join(" or ", allowed));
    }
}
