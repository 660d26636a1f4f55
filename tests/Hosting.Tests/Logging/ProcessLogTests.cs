using JustRunIt.Hosting.Logging;
using JustRunIt.Hosting.Logging.Reading;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serilog.Events;

namespace JustRunIt.Hosting.Tests.Logging;

/// <summary>The log files that a process writes.</summary>
public sealed class ProcessLogTests : IDisposable
{
    private readonly DirectoryInfo parent = Directory.CreateTempSubdirectory("justrunit-logs-");

    private string Folder => Path.Combine(parent.FullName, "logs");

    public void Dispose() => parent.Delete(recursive: true);

    [Fact]
    public void Only_their_owner_can_read_them()
    {
        Log("placement", logger => logger.LogInformation("a line"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, new DirectoryInfo(Folder).UnixFileMode);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Assert.Single(new DirectoryInfo(Folder).GetFiles()).UnixFileMode);
    }

    [Fact]
    public void One_is_named_after_its_process_whatever_that_is_called()
    {
        Log("host-agent.../../etc/a b", logger => logger.LogInformation("a line"));
        var file = Assert.Single(Directory.GetFiles(parent.FullName, "*", SearchOption.AllDirectories));
        Assert.Equal(Path.Combine(Folder, $"host-agent..._.._etc_a_b-{Environment.ProcessId}.clef"), file);
        Assert.Equal("host-agent.../../etc/a b", Assert.Single(new LogReader(Folder, new LogFilter()).ReadAll()).Service);
    }

    [Fact]
    public void They_are_bounded_and_the_newest_lines_are_kept()
    {
        var text = new string('x', 64 << 10);
        var lines = (int)(LogFolder.FileSize * (LogFolder.FilesOfOneProcess + 2) / text.Length);
        Log("placement", logger =>
        {
            for (var i = 0; i < lines; i++)
                logger.LogInformation("{Number} {Text}", i, text);
        });
        var files = new DirectoryInfo(Folder).GetFiles();
        Assert.Equal(LogFolder.FilesOfOneProcess, files.Length);
        Assert.All(files, file => Assert.True(file.Length <= LogFolder.FileSize + (2 * text.Length) + 1024));
        Assert.All(files, file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, file.UnixFileMode));
        Assert.StartsWith($"{lines - 1} ", new LogReader(Folder, new LogFilter()).ReadAll().Last().Message);
    }

    [Fact]
    public void Those_of_earlier_processes_are_dropped_and_those_of_others_kept()
    {
        Directory.CreateDirectory(Folder);
        for (var i = 1; i <= 20; i++)
        {
            Old($"placement-{i}.clef", i);
            Old($"placement-{i}_001.clef", i);
            Old($"placement-two-{i}.clef", i);
        }

        Log("placement", logger => logger.LogInformation("a line"));
        var left = Directory.GetFiles(Folder).Select(Path.GetFileName).ToList();
        Assert.Equal(20, left.Count(name => name!.StartsWith("placement-two-", StringComparison.Ordinal)));
        Assert.Equal(
            LogFolder.FilesOfEarlierProcesses + 1,
            left.Count(name => !name!.StartsWith("placement-two-", StringComparison.Ordinal)));
        Assert.Contains("placement-20.clef", left);

        void Old(string name, int minute)
        {
            var path = Path.Combine(Folder, name);
            File.WriteAllText(path, "");
            File.SetLastWriteTimeUtc(path, new DateTime(2026, 1, 1, 0, minute, 0, DateTimeKind.Utc));
        }
    }

    [Fact]
    public void A_source_may_have_a_level_of_its_own()
    {
        var settings = LogSettings.Default with
        {
            Level = LogEventLevel.Warning,
            Levels = new Dictionary<string, LogEventLevel> { ["Some.Source"] = LogEventLevel.Debug },
        };
        Log("placement", logger => logger.LogInformation("not told"), settings);
        Log("placement", logger => logger.LogDebug("told"), settings, "Some.Source.Below");
        Assert.Equal(["told"], new LogReader(Folder, new LogFilter()).ReadAll().Select(entry => entry.Message));
    }

    [Fact]
    public void Text_within_a_message_stands_as_it_is_and_properties_keep_their_types()
    {
        Log("placement", logger => logger.LogWarning(new EventId(7), "{Name} has {Share:0.0} %", "shop", 72.04));
        var entry = Assert.Single(new LogReader(Folder, new LogFilter()).ReadAll());
        Assert.Equal("shop has 72.0 %", entry.Message);
        Assert.Equal(LogEventLevel.Warning, entry.Level);
        Assert.Contains("\"Share\":72.04", entry.Json);
        Assert.Contains("\"EventId\":{\"Id\":7}", entry.Json);
    }

    private void Log(string process, Action<ILogger> log, LogSettings? settings = null, string source = "Source")
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        ProcessLog.Add(builder, process, (settings ?? LogSettings.Default) with { Folder = Folder });
        using var host = builder.Build();
        log(host.Services.GetRequiredService<ILoggerFactory>().CreateLogger(source));
    }
}
