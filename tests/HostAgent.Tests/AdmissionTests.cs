using System.Net;
using System.Net.Sockets;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Tests.Compliance;
using JustRunIt.Hosting;

namespace JustRunIt.HostAgent.Tests;

/// <summary>What is promised of a machine never exceeds it, however many ask at once; lowering is never refused.</summary>
public sealed class AdmissionTests : IDisposable
{
    private readonly AgentSettings settings;
    private readonly RunningVms running;
    private readonly Admission admission;
    private readonly HashSet<string> ended = [];

    public AdmissionTests()
    {
        settings = Agent.SettingsOf("admission", "process", Directory.CreateTempSubdirectory("justrunit-admission-").FullName);
        running = new RunningVms(new StateFile(settings));
        admission = new Admission(settings, running, vm => !ended.Contains(vm.Name));
    }

    public void Dispose() => Directory.Delete(settings.StateFolder, recursive: true);

    [Fact]
    public async Task Of_five_at_once_that_want_more_than_there_is_only_so_many_are_let_in_as_fit()
    {
        var admitted = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => Task.Run(() =>
        {
            try
            {
                return admission.Admit("host-1", $"vm-{i}", Cpu(34), Memory(100));
            }
            catch (HostException e)
            {
                Assert.Matches(@"^cpu: 34 % for vm-\d is more than machine host-1 has left \(32 % of 100 %\)$", e.Message);
                return null;
            }
        })));
        Assert.Equal(2, admitted.Count(promise => promise is not null));
        // What has become nothing frees its part.
        foreach (var promise in admitted)
            promise?.Dispose();
        admission.Admit("host-1", "vm-9", Cpu(100), Memory(100)).Dispose();
    }

    [Fact]
    public void Memory_is_promised_like_CPU()
    {
        using var first = admission.Admit("host-1", "first", Cpu(10), Memory(2000));
        var refused = Assert.Throws<HostException>(() => admission.Admit("host-1", "second", Cpu(10), Memory(49)));
        Assert.Equal("memory: 49 MiB for second is more than machine host-1 has left (48 MiB of 2048 MiB)", refused.Message);
        var huge = Assert.Throws<HostException>(() => admission.Admit("host-2", "huge", Cpu(10), new MemorySize(long.MaxValue)));
        Assert.StartsWith("memory: ", huge.Message);
    }

    [Fact]
    public void A_machine_that_is_promised_beyond_what_it_has_lowers_and_does_not_raise()
    {
        running.Adopt(Vm("a", 90, 1500));
        running.Adopt(Vm("b", 80, 1500));
        admission.Admit("host-1", "a", Cpu(85), Memory(1500)).Dispose();
        admission.Admit("host-1", "a", Cpu(90), Memory(1400)).Dispose();
        Assert.StartsWith("cpu: ", Assert.Throws<HostException>(() => admission.Admit("host-1", "a", Cpu(91), Memory(1500))).Message);
        Assert.StartsWith("memory: ", Assert.Throws<HostException>(() => admission.Admit("host-1", "a", Cpu(90), Memory(1501))).Message);
    }

    [Fact]
    public void While_one_is_lowered_its_part_is_not_promised_to_others()
    {
        running.Adopt(Vm("a", 90, 100));
        using var lowered = admission.Admit("host-1", "a", Cpu(10), Memory(100));
        Assert.Throws<HostException>(() => admission.Admit("host-1", "b", Cpu(20), Memory(100)));
    }

    [Fact]
    public void On_its_way_from_machine_to_machine_a_server_counts_on_both()
    {
        running.Adopt(Vm("a", 40, 100));
        using var moving = admission.Admit("host-2", "a", Cpu(40), Memory(100));
        Assert.Throws<HostException>(() => admission.Admit("host-1", "b", Cpu(70), Memory(100)));
        Assert.Throws<HostException>(() => admission.Admit("host-2", "c", Cpu(20), Memory(100)));
    }

    [Theory]
    [InlineData(0, 256)]
    [InlineData(0.0001, 256)]
    [InlineData(0.9, 256)]
    [InlineData(50, 0)]
    [InlineData(50, 0.001)]
    public void Nothing_and_next_to_nothing_is_refused_and_not_taken_for_the_least(double percent, double mebibytes)
    {
        var refused = Assert.Throws<HostException>(() => admission.Check(Cpu(percent), Memory(mebibytes)));
        Assert.Contains(" or more", refused.Message);
        Assert.StartsWith(mebibytes < 1 ? "memory: " : "cpu: ", refused.Message);
    }

    [Fact]
    public void An_address_is_one_servers()
    {
        running.Adopt(Vm("a", 10, 100) with { Endpoint = "127.0.0.1:8080" });
        Assert.Contains("what a is reached at", Assert.Throws<HostException>(() => Listen("b", "127.0.0.1:8080")).Message);
        Assert.Contains("what a is reached at", Assert.Throws<HostException>(() => Listen("b", "0.0.0.0:8080")).Message);
        Assert.Contains("what a is reached at", Assert.Throws<HostException>(() => Listen("b", "localhost:8080")).Message);
        Listen("b", "127.0.0.1:8081").Dispose();
        Listen("b", "127.0.0.2:8080").Dispose();
        using var starting = Listen("c", "127.0.0.1:9090");
        Assert.Throws<HostException>(() => Listen("d", "127.0.0.1:9090"));
    }

    [Fact]
    public void What_is_in_quarantine_has_its_address()
    {
        var known = Vm("a", 10, 100) with { Endpoint = "127.0.0.1:8080" };
        running.Isolate(new Quarantined("a", "host-1", known.Cpu, known.Memory, "its record is gone", known));
        Assert.Contains("what a is reached at", Assert.Throws<HostException>(() => Listen("b", "127.0.0.1:8080")).Message);
        running.Release("a");
        Listen("b", "127.0.0.1:8080").Dispose();
    }

    [Theory]
    [InlineData("host-1")]
    [InlineData("host-2")]
    public void What_is_being_changed_or_moved_keeps_its_address(string machine)
    {
        running.Adopt(Vm("a", 10, 100) with { Endpoint = "127.0.0.1:8080" });
        using var changing = admission.Admit(machine, "a", Cpu(20), Memory(100));
        Assert.Contains("what a is reached at", Assert.Throws<HostException>(() => Listen("b", "127.0.0.1:8080")).Message);
    }

    [Fact]
    public void What_was_told_to_end_has_what_it_had_until_its_processes_have_ended()
    {
        running.Adopt(Vm("a", 90, 100) with { Endpoint = "127.0.0.1:8080" });
        running.End("a");
        Assert.StartsWith("cpu: ", Assert.Throws<HostException>(() => admission.Admit("host-1", "b", Cpu(20), Memory(10))).Message);
        Assert.Contains("what a is reached at", Assert.Throws<HostException>(() => Listen("b", "127.0.0.1:8080")).Message);
        ended.Add("a");
        admission.Admit("host-1", "b", Cpu(20), Memory(10)).Dispose();
        Listen("b", "127.0.0.1:8080").Dispose();
    }

    [Fact]
    public async Task A_port_that_another_process_listens_at_is_not_free_and_a_listener_is_its_processs()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        try
        {
            var address = Endpoint.Of((IPEndPoint)listener.LocalEndpoint);
            Assert.Contains("in use by another process", await Listeners.ProblemAsync(address));
            Assert.True(Listeners.IsAnothers(address, []));
            Assert.False(Listeners.IsAnothers(address, [Environment.ProcessId]));
            Assert.True(Listeners.IsAnothers(Endpoint.Parse($"localhost:{address.Port}", EndpointKinds.HostName), []));
        }
        finally
        {
            listener.Stop();
        }

        var free = Endpoint.Parse($"127.0.0.1:{FreePort.Find()}", EndpointKinds.Address);
        Assert.Null(await Listeners.ProblemAsync(free));
        Assert.False(Listeners.IsAnothers(free, []));
    }

    private static CpuShare Cpu(double percent) => CpuShare.FromPercent(percent);

    private static MemorySize Memory(double mebibytes) => MemorySize.FromMebibytes(mebibytes);

    private IDisposable Listen(string vm, string address) =>
        admission.Admit("host-1", vm, Cpu(1), Memory(10), Endpoint.Parse(address, EndpointKinds.HostName));

    private static RunningVm Vm(string name, double percent, double mebibytes)
    {
        var program = new VmProgram("/bin/true", [], new Dictionary<string, string>(), "/", "127.0.0.1:1", null, null);
        var start = new StartVm(
            Guid.NewGuid(),
            "admission",
            "host-1",
            name,
            "shop",
            "application",
            false,
            program,
            Allocation.Of(Cpu(percent), Memory(mebibytes)));
        return new RunningVm(name, "host-1", start, Cpu(percent), Memory(mebibytes), $"127.0.0.1:{FreePort.Find()}", 1, 1, null);
    }
}
