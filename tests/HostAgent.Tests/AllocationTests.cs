using CsCheck;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Bus;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.Tests;

/// <summary>CPU share, memory, frequency and cores of what runs. Needs root.</summary>
public sealed class AllocationTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(10);

    [Theory]
    [InlineData(0.05, 1000, 20_000)]
    [InlineData(0.1, 1000, 10_000)]
    [InlineData(0.6, 6000, 10_000)]
    [InlineData(1.5, 15_000, 10_000)]
    [InlineData(0.0005, 1000, 1_000_000)]
    public void A_share_too_small_for_the_period_gets_a_longer_one(double cores, long quota, long period) =>
        Assert.Equal(new Quota(quota, period), Quota.Of(new CpuShare(cores), Period));

    [Fact]
    public void A_quota_stands_for_its_share_within_a_hundredth_from_5_percent_up() =>
        Gen.Double[0.05, 16].Sample(cores => Math.Abs(Quota.Of(new CpuShare(cores), Period).Share.Cores / cores - 1) < 0.01);

    [Theory]
    [InlineData("0-2,5", new[] { 0, 1, 2, 5 })]
    [InlineData("7", new[] { 7 })]
    [InlineData("", new int[0])]
    public void Lists_of_cores_are_read_as_the_kernel_writes_them(string text, int[] cores) => Assert.Equal(cores, CoreList.Parse(text));

    [Theory]
    [InlineData(0.05, 1)]
    [InlineData(0.5, 2)]
    public async Task A_cap_holds_for_one_loop_and_for_several(double share, int threads)
    {
        var measured = await CapPrecision.MeasureAsync(
            agent.Groups, GroupPath.Of("host-1", $"precise{threads}"), new CpuShare(share), threads, Period, TimeSpan.FromSeconds(2),
            CancellationToken.None);
        // Never more; how much less depends on what else the machine does. The bench measures it to a hundredth.
        Assert.InRange(measured.Used.Cores, share * 0.05, share * 1.05);
    }

    [Fact]
    public async Task What_runs_is_pinned_to_cores_without_a_restart_and_unpinned()
    {
        var vm = await agent.Vms.StartAsync(agent.Calculator("pinned", 0.1), CancellationToken.None);
        var first = agent.Groups.Cores[0];
        var set = await agent.Vms.AllocateAsync(
            "pinned", new VmAllocation(new CpuShare(0.2), MemorySize.FromMebibytes(300), Cores: [first]), CancellationToken.None);
        Assert.Equal((0.2, 300.0), (Math.Round(set.Cpu!.Value.Cores, 3), set.Memory!.Value.Mebibytes));
        Assert.Equal([first], set.Cores);
        Assert.Equal([first], AllowedCores(vm.ProcessId));
        // The next allocation leaves what it does not name.
        Assert.Equal([first], (await agent.Vms.AllocateAsync("pinned", new VmAllocation(new CpuShare(0.1)), CancellationToken.None)).Cores);
        Assert.Null(
            (await agent.Vms.AllocateAsync("pinned", new VmAllocation(new CpuShare(0.1), Cores: []), CancellationToken.None)).Cores);
        Assert.Equal(agent.Groups.Cores, AllowedCores(vm.ProcessId));
        await agent.Vms.StopAsync("pinned", CancellationToken.None);
    }

    [Fact]
    public async Task What_the_machine_cannot_give_is_refused_with_the_reason_and_nothing_changes()
    {
        await agent.Vms.StartAsync(agent.Calculator("modest", 0.1), CancellationToken.None);
        var before = await agent.Vms.AllocateAsync("modest", new VmAllocation(new CpuShare(0.1)), CancellationToken.None);
        await RefusedAsync(
            new VmAllocation(new CpuShare(1.2)), "cpu: 120 % for modest is more than machine host-1 has left (100 % of 100 %)");
        await RefusedAsync(
            new VmAllocation(new CpuShare(0.2), MemorySize.FromMebibytes(3000)),
            "memory: 3000 MiB for modest is more than machine host-1 has left (2048 MiB of 2048 MiB)");
        await RefusedAsync(new VmAllocation(new CpuShare(0.2), Cores: [4711]), "cores: '4711'; allowed are ");
        await RefusedAsync(new VmAllocation(new CpuShare(0.2), Frequency: Frequency.FromMegahertz(1000)), "frequency: core ");
        // The kernel refuses after the CPU share could have been set.
        await RefusedAsync(new VmAllocation(new CpuShare(0.2), new MemorySize(4096)), "");
        Assert.Equal(before, await agent.Vms.AllocateAsync("modest", new VmAllocation(new CpuShare(0.1)), CancellationToken.None));
        await agent.Vms.StopAsync("modest", CancellationToken.None);

        async Task RefusedAsync(VmAllocation wanted, string reason)
        {
            var problem = await Assert.ThrowsAsync<HostException>(() => agent.Vms.AllocateAsync("modest", wanted, CancellationToken.None));
            Assert.Contains(reason, problem.Message);
            Assert.DoesNotContain('\n', problem.Message);
        }
    }

    [Fact]
    public async Task What_an_allocation_does_not_name_stays_as_it_is()
    {
        await agent.Vms.StartAsync(agent.Calculator("partial", 0.2), CancellationToken.None);
        var memory = await agent.Vms.AllocateAsync(
            "partial", new VmAllocation(Memory: MemorySize.FromMebibytes(300)), CancellationToken.None);
        Assert.Equal((0.2, 300.0), (Math.Round(memory.Cpu!.Value.Cores, 3), memory.Memory!.Value.Mebibytes));
        var cpu = await agent.Vms.AllocateAsync("partial", new VmAllocation(new CpuShare(0.1)), CancellationToken.None);
        Assert.Equal((0.1, 300.0), (Math.Round(cpu.Cpu!.Value.Cores, 3), cpu.Memory!.Value.Mebibytes));
        Assert.Equal(cpu, await agent.Vms.AllocateAsync("partial", new VmAllocation(), CancellationToken.None));
        Assert.Equal(MemorySize.FromMebibytes(300), agent.Groups.ReadMemory(GroupPath.Of("host-1", "partial")));
        await agent.Vms.StopAsync("partial", CancellationToken.None);
    }

    [Fact]
    public async Task A_frequency_is_set_on_the_cores_of_its_virtual_machine_and_given_back()
    {
        using var cores = new FrequencyTree(agent.Groups.Cores);
        var parts = new HostParts(agent.Settings, agent.Groups, new StateFile(agent.Settings), agent.Networks, TimeProvider.System)
        {
            Frequencies = cores.Frequencies(),
        };
        var host = new VmHost(new ProcessBackEndKind(), parts);
        var first = agent.Groups.Cores[0];
        await host.StartAsync(agent.Calculator("fast", 0.1), CancellationToken.None);
        await host.StartAsync(agent.Calculator("other", 0.1), CancellationToken.None);
        var shared = await Assert.ThrowsAsync<HostException>(() => host.AllocateAsync(
            "fast", new VmAllocation(new CpuShare(0.1), Frequency: Frequency.FromMegahertz(1800), Cores: [first]), CancellationToken.None));
        Assert.Equal("frequency: fast shares cores with other; pin each to cores of its own first", shared.Message);
        await host.StopAsync("other", CancellationToken.None);
        var set = await host.AllocateAsync(
            "fast", new VmAllocation(new CpuShare(0.1), Frequency: Frequency.FromMegahertz(1800), Cores: [first]), CancellationToken.None);
        Assert.Equal(Frequency.FromMegahertz(1800), set.Frequency);
        Assert.Equal(1_800_000, cores.Highest(first));
        // What is announced, and told to an operator, is all that it has.
        var fast = Assert.Single(host.List());
        Assert.Equal(1800, Allocations.Started(agent.Settings, fast).Allocation.Frequency?.Megahertz);
        Assert.Equal(1800, Allocations.Vm(fast).Allocation.Frequency?.Megahertz);
        // It moves to all cores, and its frequency with it.
        await host.AllocateAsync("fast", new VmAllocation(new CpuShare(0.1), Cores: []), CancellationToken.None);
        Assert.All(agent.Groups.Cores, core => Assert.Equal(1_800_000, cores.Highest(core)));
        await host.StopAsync("fast", CancellationToken.None);
        Assert.All(agent.Groups.Cores, core => Assert.Equal(FrequencyTree.Before, cores.Highest(core)));
    }

    [Fact]
    public void A_frequency_that_the_processor_does_not_have_is_refused()
    {
        using var cores = new FrequencyTree([0, 1, 2, 3]);
        var frequencies = cores.Frequencies();
        Assert.Equal(
            "frequency: '500 MHz' for core 1; allowed is 800 MHz to 3600 MHz", frequencies.Problem([1], Frequency.FromMegahertz(500)));
        Assert.Contains("no frequency scaling here", frequencies.Problem([9], Frequency.FromMegahertz(1000)));
        cores.Together(2, 3);
        Assert.Equal("frequency: core 2 has its clock together with 3, which are not pinned with it", frequencies.Problem(
            [2], Frequency.FromMegahertz(1000)));
        Assert.Null(frequencies.Problem([2, 3], Frequency.FromMegahertz(1000)));
    }

    [Fact]
    public void After_a_restart_the_cores_that_nobody_holds_have_their_frequency_back()
    {
        using var cores = new FrequencyTree([0, 1]);
        cores.Frequencies().Set([0, 1], Frequency.FromMegahertz(1000));
        cores.Frequencies().RestoreAllBut(new HashSet<int> { 1 });
        Assert.Equal((FrequencyTree.Before, 1_000_000), (cores.Highest(0), cores.Highest(1)));
        cores.Frequencies().RestoreAllBut(new HashSet<int>());
        Assert.Equal(FrequencyTree.Before, cores.Highest(1));
    }

    private static IReadOnlyList<int> AllowedCores(int process)
    {
        const string key = "Cpus_allowed_list:";
        return CoreList.Parse(
            File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith(key, StringComparison.Ordinal))[key.Length..].Trim());
    }

    /// <summary>A folder with the shape of the kernel's /sys/devices/system/cpu, for machines without frequency scaling.</summary>
    private sealed class FrequencyTree : IDisposable
    {
        public const int Before = 3_200_000;

        private readonly string folder = Directory.CreateTempSubdirectory("justrunit-cpufreq-").FullName;

        public FrequencyTree(IEnumerable<int> cores)
        {
            foreach (var core in cores)
            {
                Directory.CreateDirectory(Path.Combine(folder, $"cpu{core}", "cpufreq"));
                File.WriteAllText(FileOf(core, "cpuinfo_min_freq"), "800000\n");
                File.WriteAllText(FileOf(core, "cpuinfo_max_freq"), "3600000\n");
                File.WriteAllText(FileOf(core, "scaling_max_freq"), $"{Before}\n");
                File.WriteAllText(FileOf(core, "affected_cpus"), $"{core}\n");
            }
        }

        public CoreFrequencies Frequencies() => new(folder, Path.Combine(folder, "state", "frequencies.json"), "owner");

        public int Highest(int core) => int.Parse(File.ReadAllText(FileOf(core, "scaling_max_freq")));

        public void Together(params int[] cores)
        {
            foreach (var core in cores)
                File.WriteAllText(FileOf(core, "affected_cpus"), string.Join(' ', cores) + "\n");
        }

        public void Dispose() => Directory.Delete(folder, recursive: true);

        private string FileOf(int core, string name) => Path.Combine(folder, $"cpu{core}", "cpufreq", name);
    }
}
