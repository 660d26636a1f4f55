using System.Diagnostics;
using JustRunIt.Hosting.Logging;
using JustRunIt.Hosting.Logging.Reading;
using Serilog.Events;

namespace JustRunIt.Hosting.Tests.Logging;

/// <summary>Reading the log files of several processes as one.</summary>
public sealed class LogReaderTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid Correlation = Guid.Parse("5f3a0000-0000-0000-0000-000000000001");
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("justrunit-logs-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void The_lines_of_all_files_come_in_order_of_time()
    {
        Write("monitor-1", Line(0, "a", "monitor"), Line(4, "e", "monitor"));
        Write("monitor-1_001", Line(6, "g", "monitor"));
        Write("placement-2", Line(3, "d", "placement"), Line(5, "f", "placement"));
        Write("host-agent.a1-3", Line(2, "c", "host-agent.a1"), Line(1, "b", "host-agent.a1"));
        Assert.Equal(["a", "b", "c", "d", "e", "f", "g"], Messages());
    }

    [Fact]
    public void Lines_of_one_time_keep_their_order()
    {
        Write("a-1", Line(0, "1"), Line(0, "2"), Line(0, "3"));
        Write("b-1", Line(0, "4"), Line(0, "5"));
        Assert.Equal(["1", "2", "3", "4", "5"], Messages());
    }

    [Fact]
    public void A_torn_last_line_is_left_out_and_any_other_that_is_none_is_counted()
    {
        Write("a-1", Line(0, "whole"), "no JSON", "[1]", "{\"@m\":\"without time\"}", Line(1, "whole too"));
        File.AppendAllText(Path("a-1"), Line(2, "torn")[..40]);
        var reader = new LogReader(folder.FullName, new LogFilter());
        Assert.Equal(["whole", "whole too"], reader.ReadAll().Select(entry => entry.Message));
        Assert.Equal(3, reader.Unreadable);
    }

    [Fact]
    public void A_last_line_that_only_lacks_its_end_is_read()
    {
        File.WriteAllText(Path("a-1"), Line(0, "whole"));
        Assert.Equal(["whole"], Messages());
    }

    [Fact]
    public void Every_cut_of_a_file_is_read_without_an_error()
    {
        var whole = System.Text.Encoding.UTF8.GetBytes($"{Line(0, "grün ✓")}\n{Line(1, "blau")}\n");
        for (var length = 0; length <= whole.Length; length++)
        {
            File.WriteAllBytes(Path("a-1"), whole[..length]);
            Assert.All(Messages(), message => Assert.Contains(message, (string[])["grün ✓", "blau"]));
        }
    }

    [Fact]
    public void Only_what_is_wanted_is_told()
    {
        Write(
            "a-1",
            Line(0, "old", correlation: Correlation, level: LogEventLevel.Error),
            Line(10, "without correlation", level: LogEventLevel.Error),
            Line(11, "of another", correlation: Guid.NewGuid(), level: LogEventLevel.Error),
            Line(12, "debug", correlation: Correlation, level: LogEventLevel.Debug),
            Line(13, "information", correlation: Correlation),
            Line(14, "error", correlation: Correlation, level: LogEventLevel.Error));
        Assert.Equal(
            ["information", "error"], Messages(new LogFilter("5f3a", LogEventLevel.Information, Noon.AddSeconds(5))));
        Assert.Equal(["old", "debug", "information", "error"], Messages(new LogFilter(Correlation.ToString())));
    }

    [Fact]
    public void A_line_is_told_with_time_process_level_message_and_correlation()
    {
        Write("a-1", Line(0.25, "decided", "placement", Correlation, LogEventLevel.Warning));
        Assert.Equal(
            $"2026-01-31 12:00:00.250 placement      warn decided [{Correlation}]",
            Assert.Single(new LogReader(folder.FullName, new LogFilter()).ReadAll()).ToString());
    }

    [Fact]
    public void What_a_stranger_put_into_a_message_stays_on_one_line_and_does_not_reach_the_terminal()
    {
        Write("a-1", Line(0, "one\\nline \\u001b[31mred\\u0007"));
        Assert.Equal(["one line [31mred"], Messages());
    }

    [Fact]
    public async Task Following_tells_of_new_lines_and_new_files_and_of_a_line_once_it_is_whole()
    {
        Write("a-1", Line(0, "first"));
        using var end = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var reader = new LogReader(folder.FullName, new LogFilter());
        await using var entries = reader.FollowAsync(TimeProvider.System, end.Token).GetAsyncEnumerator(end.Token);
        Assert.Equal("first", await NextAsync());
        var second = Line(1, "second");
        await File.AppendAllTextAsync(Path("a-1"), second[..30]);
        Write("b-1", Line(2, "of a new file"));
        Assert.Equal("of a new file", await NextAsync());
        await File.AppendAllTextAsync(Path("a-1"), second[30..] + "\n");
        Assert.Equal("second", await NextAsync());
        File.Delete(Path("b-1"));
        Write("a-1_001", Line(3, "after the rotation"));
        Assert.Equal("after the rotation", await NextAsync());
        await end.CancelAsync();
        Assert.False(await entries.MoveNextAsync());

        async Task<string> NextAsync()
        {
            Assert.True(await entries.MoveNextAsync());
            return entries.Current.Message;
        }
    }

    [Fact]
    public async Task The_command_tells_and_refuses()
    {
        Write("a-1", Line(0, "one", "monitor", Correlation), Line(1, "two", "placement"));
        Assert.Equal(
            (0, $"2026-01-31 12:00:00.000 monitor        info one [{Correlation}]\n", ""), await LogsAsync("--correlation", "5F3A"));
        Assert.Equal((0, $"{Line(1, "two", "placement")}\n", ""), await LogsAsync("--since", "2026-01-31T12:00:01Z", "--json"));
        Assert.Equal(2, (await LogsAsync("--level", "loud")).ExitCode);
        Assert.Equal(2, (await LogsAsync("--since", "yesterday")).ExitCode);
        Assert.Equal(2, (await LogsAsync("--correlation", "../x")).ExitCode);
        Assert.Contains("allowed is a correlation id", (await LogsAsync("--correlation", "../x")).Errors);
    }

    private async Task<(int ExitCode, string Output, string Errors)> LogsAsync(params string[] arguments)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var home = System.IO.Path.GetFullPath(System.IO.Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", ".."));
        var console = System.IO.Path.Combine(home, "src", "Console", "bin", configuration, "net10.0", "JustRunIt.Console.dll");
        Debug.Assert(File.Exists(console));
        return await Trial.RunAsync(
            [console, "logs", .. arguments], new() { [EnvironmentVariables.Logs] = folder.FullName, ["JUSTRUNIT_HOME"] = home });
    }

    private IReadOnlyList<string> Messages(LogFilter? filter = null) =>
        [.. new LogReader(folder.FullName, filter ?? new LogFilter()).ReadAll().Select(entry => entry.Message)];

    private string Path(string name) => System.IO.Path.Combine(folder.FullName, name + LogFolder.Extension);

    private void Write(string name, params string[] lines) => File.WriteAllLines(Path(name), lines);

    private static string Line(
        double seconds,
        string message,
        string service = "service",
        Guid? correlation = null,
        LogEventLevel level = LogEventLevel.Information) =>
        $"{{\"@t\":\"{Noon.AddSeconds(seconds).UtcDateTime:O}\",\"@m\":\"{message}\""
        + (level == LogEventLevel.Information ? "" : $",\"@l\":\"{level}\"")
        + $",\"Service\":\"{service}\""
        + (correlation is { } id ? $",\"CorrelationId\":\"{id}\"" : "")
        + "}";
}
