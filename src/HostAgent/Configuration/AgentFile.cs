using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Store.Configuration;
using JustRunIt.HostAgent.Hypervisors;

namespace JustRunIt.HostAgent.Configuration;

/// <summary>The host agent's configuration file, YAML or JSON; the format is described in <c>docs/configuration.md</c>.</summary>
internal static class AgentFile
{
    private static readonly TimeSpan DefaultPeriod = TimeSpan.FromMilliseconds(10);

    /// <summary>Reads and checks a file.</summary>
    /// <exception cref="ConfigurationException">The first thing that is wrong in it.</exception>
    public static AgentSettings Read(string file)
    {
        var root = YamlField.Root(file).Group(
            "dataCenter", "agent", "stateFolder", "coreSize", "simulated", "quotaPeriod", "isolation", "onStop", "backEnd", "machines");
        var machines = new List<MachineSettings>();
        foreach (var field in root.Required("machines").List())
        {
            var machine = Machine(field.Group("name", "role", "cpu", "memoryMiB"));
            if (machines.Any(other => other.Name == machine.Name))
                throw field.Required("name").Error("a name that no other machine has");
            machines.Add(machine);
        }

        var agent = root.Required("agent");
        if (agent.Text().Any(c => !char.IsAsciiLetterOrDigit(c) && c is not '-'))
            throw agent.Error("letters, digits and hyphens");
        return new AgentSettings(
            root.Required("dataCenter").Text(),
            agent.Text(),
            root.Required("stateFolder").Text(),
            root.Optional("coreSize")?.Number(0.01, 1) ?? 1,
            OneOf(root.Optional("simulated"), "false", "true") == 1,
            root.Optional("quotaPeriod")?.Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1)) ?? DefaultPeriod,
            (Isolation)OneOf(root.Optional("isolation"), "namespace", "none"),
            OneOf(root.Optional("onStop"), "keep", "stop") == 1,
            machines,
            BackEnd(root.Optional("backEnd")));
    }

    private static MachineSettings Machine(YamlField field)
    {
        var name = field.Required("name");
        if (name.Text().Any(c => !char.IsAsciiLetterOrDigit(c) && c is not '-'))
            throw name.Error("letters, digits and hyphens");
        return new MachineSettings(
            name.Text(),
            (MachineRole)OneOf(field.Required("role"), "production", "spare", "sandbox"),
            new CpuShare(field.Required("cpu").Fraction(0.01, 4096)),
            MemorySize.FromMebibytes(field.Required("memoryMiB").Whole(16, int.MaxValue)));
    }

    private static string BackEnd(YamlField? field) => HypervisorRegistry.Names[OneOf(field, [.. HypervisorRegistry.Names])];

    private static int OneOf(YamlField? field, params string[] allowed)
    {
        if (field is null)
            return 0;
        var index = Array.IndexOf(allowed, field.Text());
        return index >= 0 ? index : throw field.Error(string.Join(" or ", allowed));
    }
}
