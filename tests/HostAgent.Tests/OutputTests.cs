using System.Text;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Files;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;
using JustRunIt.HostAgent.Tests.Compliance;
using JustRunIt.HostAgent.VirtualMachines;

namespace JustRunIt.HostAgent.Tests;

/// <summary>Whatever a server, tool or peer writes: never more than a fixed bound of it is in memory or on the disk. Needs root.</summary>
public sealed class OutputTests : IAsyncLifetime
{
    private const int Mebibyte = 1 << 20;
    private const string Unending = "while :; do head -c 400000 /dev/zero | tr '\\0' x; sleep 0.01; done";
    private Agent agent = null!;

    private string Logs => Path.Combine(agent.Settings.StateFolder, "logs");

    public async Task InitializeAsync()
    {
        agent = new Agent("process", settings => settings with { Logs = new LogLimits(MemorySize.FromMebibytes(1), 2) });
        await agent.Vms.RecoverAsync(CancellationToken.None);
    }

    public async Task DisposeAsync() => await agent.DisposeAsync();

    [Fact]
    public async Task A_server_that_prints_without_an_end_and_without_a_line_break_is_not_held_up_and_takes_bounded_room()
    {
        var vm = await agent.RunAsync(Printing("while :; do head -c 4000000 /dev/zero | tr '\\0' x; sleep 0.01; done"));
        var most = 0L;
        var (before, begin) = (GC.GetTotalAllocatedBytes(), DateTime.UtcNow);
        for (var rounds = 0; rounds < 40; rounds++)
        {
            agent.Vms.KeepLogs();
            Assert.InRange(Launcher.LastWords(Path.Combine(Logs, "printing.log")).Length, 0, 600);
            most = Math.Max(most, Directory.GetFiles(Logs).Where(file => file.EndsWith(".1") || file.EndsWith(".2"))
                .Sum(file => new FileInfo(file).Length));
            await Task.Delay(50);
        }

        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 200 * Mebibyte);
        Assert.True(ProcessTable.Runs(vm.ProcessId, vm.ProcessStart));
        // Two files beside, each of at most twice what one may have, and a line that says what is missing.
        Assert.InRange(most, 2 * Mebibyte, (4 * Mebibyte) + 200);
        Assert.StartsWith("[", Encoding.UTF8.GetString(await Head(Path.Combine(Logs, "printing.log.1"))));
        Assert.Equal(3, Directory.GetFiles(Logs, "printing.log*").Length);
        foreach (var file in Directory.GetFiles(Logs))
            Assert.Equal("600", (await Tool.RunAsync("stat", ["--format=%a", file])).Trim());
        Assert.Equal("700", (await Tool.RunAsync("stat", ["--format=%a", Logs])).Trim());
    }

    /// <summary>What keeps printing, and kept its log within bounds when <c>KeepLogs</c> was asked to.</summary>
    private async Task IsKeptAsync(string name)
    {
        var older = Path.Combine(Logs, $"{name}.log.1");
        File.Delete(older);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!File.Exists(older))
        {
            agent.Vms.KeepLogs();
            await Task.Delay(50, patience.Token);
        }
    }

    [Fact]
    public async Task What_does_not_serve_yet_takes_bounded_room_too()
    {
        using var giveUp = new CancellationTokenSource();
        var start = Printing(Unending);
        // Nobody listens.
        start = start with { Program = start.Program with { Arguments = ["-c", Unending] } };
        var starting = agent.Vms.StartAsync(start, giveUp.Token);
        await IsKeptAsync("printing");
        Assert.False(starting.IsCompleted);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
        Assert.InRange(new FileInfo(Path.Combine(Logs, "printing.log")).Length, 0, Mebibyte);
    }

    [Fact]
    public async Task So_does_what_was_told_to_end_and_goes_on_printing()
    {
        await agent.RunAsync(Printing($"trap '' TERM; {Unending}"));
        var ending = agent.Vms.StopAsync("printing", CancellationToken.None);
        while (agent.Vms.List().Count > 0)
            await Task.Delay(5);
        await IsKeptAsync("printing");
        await ending;
        Assert.InRange(new FileInfo(Path.Combine(Logs, "printing.log")).Length, 0, Mebibyte);
    }

    [Fact]
    public async Task So_does_what_is_in_quarantine()
    {
        await agent.RunAsync(Printing(Unending));
        foreach (var record in new[] { "running.json", "running.json.1" })
            File.Delete(Path.Combine(agent.Settings.StateFolder, record));
        await agent.RestartAsync();
        Assert.Null(Assert.Single(agent.Vms.Quarantined).Known);
        await IsKeptAsync("printing");
        await agent.Vms.EndQuarantinedAsync("printing", CancellationToken.None);
    }

    [Fact]
    public async Task What_ended_while_no_agent_watched_has_a_log_within_bounds_after_the_next_start()
    {
        var log = Path.Combine(Directory.CreateDirectory(Logs).FullName, "long-gone.log");
        await File.WriteAllBytesAsync(log, new byte[5 * Mebibyte].Select(_ => (byte)'x').ToArray());
        await agent.RestartAsync();
        Assert.Equal(0, new FileInfo(log).Length);
        Assert.InRange(new FileInfo(log + ".1").Length, Mebibyte, Mebibyte + 100);
    }

    [Fact]
    public async Task A_last_word_of_hundreds_of_megabytes_is_cut()
    {
        var log = Path.Combine(agent.Settings.StateFolder, "long.log");
        await using (var file = File.Create(log))
        {
            await file.WriteAsync("first line\n"u8.ToArray());
            file.SetLength(600L * Mebibyte);
            file.Seek(0, SeekOrigin.End);
            await file.WriteAsync("the end"u8.ToArray());
        }

        var before = GC.GetTotalAllocatedBytes();
        Assert.EndsWith("the end", Launcher.LastWords(log));
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 2 * Mebibyte);
    }

    [Fact]
    public async Task A_link_or_pipe_in_the_place_of_a_log_is_neither_read_nor_cut()
    {
        var folder = agent.Settings.StateFolder;
        var secret = Path.Combine(folder, "secret");
        await File.WriteAllBytesAsync(secret, new byte[3 * Mebibyte]);
        var vm = await agent.RunAsync(Printing("exec sleep 1000"));
        using (var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30)))
        {
            // Until then it opens its log.
            while (!File.ReadAllText($"/proc/{vm.ProcessId}/cmdline").StartsWith("sleep", StringComparison.Ordinal))
                await Task.Delay(10, patience.Token);
        }

        var log = Path.Combine(Logs, "printing.log");
        File.Delete(log);
        File.CreateSymbolicLink(log, secret);
        agent.Vms.KeepLogs();
        Assert.Equal(3 * Mebibyte, new FileInfo(secret).Length);
        Assert.Equal("", Launcher.LastWords(log));
        File.Delete(log);
        await Tool.RunAsync("mkfifo", [log]);
        Assert.Equal("", Launcher.LastWords(log));
        agent.Vms.KeepLogs();
    }

    [Fact]
    public async Task What_one_of_the_same_name_wrote_before_is_kept_beside()
    {
        await agent.RunAsync(Printing("echo first; exec sleep 1000"));
        await agent.Vms.StopAsync("printing", CancellationToken.None);
        await agent.RunAsync(Printing("echo second; exec sleep 1000"));
        Assert.Equal("first\n", await File.ReadAllTextAsync(Path.Combine(Logs, "printing.log.1")));
    }

    [Fact]
    public async Task A_line_without_an_end_from_a_peer_is_an_error_and_not_memory()
    {
        await using var endless = new Endless();
        var before = GC.GetTotalAllocatedBytes();
        var problem = await Assert.ThrowsAsync<IOException>(async () => await new LineReader(endless, Mebibyte).ReadAsync());
        Assert.Contains("a line of more than", problem.Message);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 8 * Mebibyte);
    }

    [Theory]
    [InlineData("", new string[0])]
    [InlineData("one", new[] { "one" })]
    [InlineData("one\n", new[] { "one" })]
    [InlineData("one\r\n\ntwo", new[] { "one", "", "two" })]
    public async Task Lines_are_what_they_are_in_whatever_pieces_they_come(string text, string[] lines)
    {
        foreach (var piece in new[] { 1, 2, 100 })
        {
            await using var stream = new Pieces(Encoding.UTF8.GetBytes(text), piece);
            var (reader, read) = (new LineReader(stream, 10), new List<string>());
            while (await reader.ReadAsync() is { } line)
                read.Add(line);
            Assert.Equal(lines, read);
        }
    }

    [Fact]
    public async Task A_tool_that_never_stops_talking_is_cut_off_with_a_reason()
    {
        var before = GC.GetTotalAllocatedBytes();
        await BackEndCompliance.RefusedAsync(() => Tool.RunAsync("head", ["-c", "300000000", "/dev/zero"]), "it told more than");
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 100 * Mebibyte);
    }

    [Fact]
    public void The_disk_of_a_machine_whose_name_begins_like_anothers_stays()
    {
        var folder = Directory.CreateDirectory(Path.Combine(agent.Settings.StateFolder, "machines")).FullName;
        foreach (var file in new[] { "shop.0.qcow2", "shop.1.qcow2", "shop.0.0.qcow2", "shop.0.qmp" })
            File.WriteAllText(Path.Combine(folder, file), "");
        new VmDisks(agent.Settings).Delete("shop");
        Assert.Equal(
            ["shop.0.0.qcow2", "shop.0.qmp"], Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    private static async Task<byte[]> Head(string file)
    {
        await using var stream = File.OpenRead(file);
        var head = new byte[16];
        await stream.ReadExactlyAsync(head);
        return head;
    }

    private StartVm Printing(string script)
    {
        // It listens beside, as a server does.
        var start = agent.Specimen("printing", 0.9);
        return start with
        {
            Program = start.Program with
            {
                Executable = "/bin/sh",
                Arguments = ["-c", "\"$0\" \"$@\" >/dev/null 2>&1 & " + script, start.Program.Executable, .. start.Program.Arguments],
            },
        };
    }

    private sealed class Endless : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            buffer.Span.Fill((byte)'x');
            return ValueTask.FromResult(buffer.Length);
        }
    }

    private sealed class Pieces(byte[] bytes, int size) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(size, buffer.Length)], cancellationToken);
    }
}
