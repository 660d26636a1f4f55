using JustRunIt.Events.Store.Configuration;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;

namespace JustRunIt.HostAgent.Tests;

/// <summary>Bad input gets one line with file, line, field, value and what is allowed.</summary>
public sealed class ConfigurationTests
{
    private const string Good = "dataCenter: dc\nagent: a\nstateFolder: /tmp/x\nmachines:\n  - { name: m, role: production, cpu: 100 %, memoryMiB: 512 }\n";

    [Fact]
    public void A_sound_file_is_read()
    {
        var settings = Read(Good);
        Assert.Equal(("dc", "a", 1.0), (settings.DataCenter, settings.Agent, settings.Machines[0].Cpu.Cores));
    }

    [Theory]
    [InlineData("agent: a", "agent: 'a b'", ":2: agent: 'a b'; allowed is letters, digits and hyphens")]
    [InlineData("role: production", "role: prod", ":5: machines[0].role: 'prod'; allowed is production or spare or sandbox")]
    [InlineData("cpu: 100 %", "cpu: 0 %", ":5: machines[0].cpu: '0 %'; allowed is a percentage from 1 %")]
    [InlineData("memoryMiB: 512", "memory: 512", ":5: machines[0].memory: unknown field; allowed are name, role, cpu, memoryMiB")]
    [InlineData("dataCenter: dc\n", "", ":1: dataCenter: missing")]
    public void What_is_wrong_is_named(string good, string bad, string message) =>
        Assert.Contains(message, Assert.Throws<ConfigurationException>(() => Read(Good.Replace(good, bad))).Message);

    [Fact]
    public void Version_2_is_preferred_where_it_has_the_controllers_and_none_is_null()
    {
        Assert.Null(ControlGroupDetection.FromMounts(["30 20 0:26 / / rw - ext4 /dev/sda rw"], "x"));
        var version1 = ControlGroupDetection.FromMounts(
            [
                "31 25 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
                "32 25 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
            ],
            "x");
        Assert.Equal("control groups version 1", version1!.Description);
    }

    private static AgentSettings Read(string text)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, text);
            return AgentFile.Read(file);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
