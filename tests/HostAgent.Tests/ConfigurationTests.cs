using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Power;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.HostAgent.Tests;

/// <summary>Bad input gets one line with file, line, field, value and what is allowed.</summary>
public sealed class ConfigurationTests
{
    private const string Good = "dataCenter: dc\nagent: a\nstateFolder: /tmp/x\n"
        + "machines:\n  - { name: m, role: production, cpu: 100 %, memoryMiB: 512 }\n";

    [Fact]
    public void A_sound_file_is_read()
    {
        var settings = Read(Good);
        Assert.Equal(("dc", "a", 1.0), (settings.DataCenter, settings.Agent, settings.Machines[0].Cpu.Cores));
    }

    [Theory]
    [InlineData("agent: a", "agent: 'a b'", ":2: agent: 'a b'; allowed is a name of 1 to 63 letters")]
    [InlineData("role: production", "role: prod", ":5: machines[0].role: 'prod'; allowed is production or spare or sandbox")]
    [InlineData("cpu: 100 %", "cpu: 0 %", ":5: machines[0].cpu: '0 %'; allowed is a percentage from 1 %")]
    [InlineData(
        "memoryMiB: 512", "memory: 512",
        ":5: machines[0].memory: unknown field; allowed are name, role, cpu, memoryMiB, baseWatts, dynamicWatts")]
    [InlineData("dataCenter: dc\n", "", ":1: dataCenter: missing")]
    public void What_is_wrong_is_named(string good, string bad, string message) =>
        Assert.Contains(message, Assert.Throws<ConfigurationException>(() => Read(Good.Replace(good, bad))).Message);

    [Fact]
    public void A_meter_is_read_with_the_numbers_that_it_needs()
    {
        var settings = Read(Good.Replace(
            "memoryMiB: 512", "memoryMiB: 512, baseWatts: 80, dynamicWatts: 40.5") + "power: { meter: estimate, reportEvery: 500ms }\n");
        Assert.Equal((MeterKind.Estimate, 500.0), (settings.Power!.Meter, settings.Power.ReportEvery.TotalMilliseconds));
        Assert.Equal((80.0, 40.5), (settings.Machines[0].Base!.Value.Value, settings.Machines[0].Dynamic!.Value.Value));
        Assert.Null(Read(Good).Power);
    }

    [Theory]
    [InlineData("power: { meter: wattmeter }", ":6: power.meter: 'wattmeter'; allowed is rapl, ipmi, redfish or estimate")]
    [InlineData("power: { meter: estimate }", ":5: machines[0].baseWatts: missing")]
    [InlineData("power: { meter: redfish }", ":6: power.redfish: missing")]
    [InlineData("power: { meter: redfish, redfish: { url: bmc } }", ":6: power.redfish.url: 'bmc'; allowed is https://HOST or http://HOST")]
    [InlineData("power: { meter: redfish, redfish: { url: 'https://bmc', user: u } }", ":6: power.redfish.passwordFile: missing")]
    [InlineData(
        "power: { meter: redfish, redfish: { url: 'https://bmc', user: u, passwordFile: /no/such } }",
        ":6: power.redfish.passwordFile: '/no/such'; allowed is a file that is there")]
    [InlineData(
        "power: { meter: ipmi, ipmi: { host: 'bmc -I open', user: u, passwordFile: /dev/null } }",
        ":6: power.ipmi.host: 'bmc -I open'; allowed is letters, digits")]
    [InlineData("power: { meter: rapl, reportEvery: 1h }", ":6: power.reportEvery: '1h'; allowed is a duration")]
    public void What_is_wrong_with_a_meter_is_named(string power, string message) =>
        Assert.Contains(message, Assert.Throws<ConfigurationException>(() => Read(Good + power + "\n")).Message);

    [Fact]
    public void One_meter_cannot_tell_several_machines_apart() => Assert.Contains(
        ": power.meter: 'rapl'; allowed is estimate where the agent has several machines",
        Assert.Throws<ConfigurationException>(
            () => Read(Good + "  - { name: n, role: sandbox, cpu: 100 %, memoryMiB: 512 }\npower: { meter: rapl }\n")).Message);

    [Fact]
    public void A_meter_that_the_machine_does_not_have_is_said_at_the_start_with_the_remedy()
    {
        var settings = Read(Good + "power: { meter: rapl, powercapFolder: /no/such/folder }\n");
        Assert.Equal(
            "power.meter: 'rapl' cannot serve here: /no/such/folder has no RAPL zone of a package; the processor has none, "
            + "or the module intel_rapl_msr is not loaded; 'estimate' needs no meter",
            Assert.Throws<ConfigurationException>(
                () => PowerMeters.Open(settings, ControlGroupDetection.Detect(settings), TimeProvider.System)).Message);
    }

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
