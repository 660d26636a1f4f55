namespace JustRunIt.Console.Tests;

/// <summary>
/// On a machine where nothing is built: neither help nor a wrong command line installs, downloads, starts or builds anything.
/// </summary>
public sealed class NothingIsSetUpTests : IDisposable
{
    private static readonly string[] Names =
    [
        "demo", "test", "chaos", "up", "down", "proxy", "hosts", "clone", "logs", "replay", "report", "rules", "fuzz", "soak", "record",
        "setup", "status", "bench",
        "bench pipeline", "bench proxy", "bench fidelity", "bench clone", "bench quota-period",
    ];

    private readonly ScriptCopy script = new();

    public static TheoryData<string> Commands => [.. Names];

    public static TheoryData<string, string> WrongCommandLines => new()
    {
        { "nosuch", "'nosuch' is no command; allowed is demo, test, " },
        { "nosuch --help", "'nosuch' is no command; allowed is demo, test, " },
        { "help nosuch", "'nosuch' is no command; allowed is demo, test, " },
        { "--nosuch", "'--nosuch' is no command; allowed is demo, test, " },
        { "demo --bogus", "demo: unknown option '--bogus'; allowed is --quick, --json, --plot, --back-end or --help" },
        { "demo more", "demo: unknown argument 'more'; allowed is --quick, " },
        { "demo --back-end xen", "demo: --back-end: 'xen'; allowed is auto, container or process" },
        { "demo --back-end=", "demo: --back-end: ''; allowed is auto, container or process" },
        { "demo --back-end auto|container", "demo: --back-end: 'auto|container'; allowed is auto, container or process" },
        { "demo --json", "demo: --json: missing value; allowed is FILE" },
        { "demo --json --quick", "demo: --json: missing value; allowed is FILE" },
        { "demo --json a --json b", "demo: --json: given twice; allowed is once" },
        { "demo --quick=perhaps", "demo: --quick: 'perhaps'; allowed is no value" },
        { "demo -q", "demo: unknown option '-q'; allowed is " },
        { "up", "up: --services: missing; allowed is a file that can be read" },
        { "up --agent justrunit --proxies justrunit", "up: --services: missing; allowed is a file that can be read" },
        { "up --services nosuch --agent x --proxies x", "up: --services: 'nosuch'; allowed is a file that can be read" },
        { "up --services infra --agent x --proxies x", "up: --services: 'infra'; allowed is a file that can be read" },
        { "up --services justrunit --agent", "up: --agent: missing value; allowed is a file that can be read" },
        { "proxy --role in --upstream :1 --listen", "proxy: --listen: missing value; allowed is IP:PORT" },
        { "down --purge --all", "down: unknown option '--all'; allowed is --purge or --help" },
        { "down all", "down: unknown argument 'all'; allowed is --purge or --help" },
        { "setup everything", "setup: unknown argument 'everything'; allowed is --servers-only or --help" },
        { "status --verbose", "status: unknown option '--verbose'; allowed is --help" },
        { "hosts --yaml", "hosts: unknown option '--yaml'; allowed is --json, --adopt, --end or --help" },
        { "hosts --json=maybe", "hosts: --json: 'maybe'; allowed is no value" },
        { "logs --tail", "logs: unknown option '--tail'; allowed is --correlation, --follow, -f, --level, --since, --json or --help" },
        { "clone", "clone: NAME: missing; './justrunit clone --help' explains it" },
        { "clone --keep", "clone: NAME: missing; './justrunit clone --help' explains it" },
        { "clone one two", "clone: unknown argument 'two'; allowed is NAME, --cpu, --next, --keep or --help" },
        { "proxy", "proxy: --role: missing; allowed is in or out" },
        { "proxy --role between --upstream x", "proxy: --role: 'between'; allowed is in or out" },
        { "proxy --role in", "proxy: --upstream: missing; allowed is ADDRESS" },
        { "proxy --role in --upstream x --end-idle 9", "proxy: --end-idle: '9'; allowed is a duration with its unit (ms, s, min, h)" },
        { "proxy --role in --upstream x --drain soon", "proxy: --drain: 'soon'; allowed is a duration with its unit (ms, s, min, h)" },
        { "replay --to 127.0.0.1:1", "replay: --trace: missing; allowed is a file that can be read" },
        { "replay --trace nosuch --to 127.0.0.1:1", "replay: --trace: 'nosuch'; allowed is a file that can be read" },
        { "bench", "bench: NAME: missing; allowed is pipeline, proxy, fidelity, clone or quota-period" },
        { "bench nosuch", "bench: 'nosuch'; allowed is pipeline, proxy, fidelity, clone or quota-period" },
        { "bench --json x", "bench: '--json'; allowed is pipeline, proxy, fidelity, clone or quota-period" },
        {
            "bench pipeline --quick",
            "bench pipeline: unknown option '--quick'; "
                + "allowed is --json, --plot, --only, --minutes, --services, --explorations, --measure or --help"
        },
        { "bench proxy --only tcp", "bench proxy: --only: 'tcp'; allowed is http, cost, chain, stall, databases or idle" },
        { "bench clone --heap much", "bench clone: --heap: 'much'; allowed is a number" },
        { "fuzz mysql http", "fuzz: unknown argument 'http'; allowed is PARSER, --time, --seed, --input or --help" },
        { "soak --time 10", "soak: --time: '10'; allowed is a duration with its unit (ms, s, min, h), such as 10s" },
        { "record", "record: FOLDER: missing; './justrunit record --help' explains it" },
        { "test nosuch", "test: 'nosuch'; allowed is a project or folder, or what 'dotnet test' takes" },
    };

    public void Dispose() => script.Dispose();

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Help_of_a_command_is_help_and_nothing_else(string command)
    {
        foreach (var asking in (string[])["--help", "-h", "-?", "--quick --help", "--agent nosuch -h", "nosuch --bogus --help --purge"])
        {
            var run = await script.RunRecordedAsync($"{command} {asking}".Split(' '));
            Assert.Equal((0, ""), (run.ExitCode, run.Errors));
            Assert.StartsWith($"Usage: ./justrunit {command} ", run.Output.ReplaceLineEndings(" "));
            Assert.Contains($"Example:\n  ./justrunit {command}", run.Output);
        }

        AssertNothing();
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("-?")]
    [InlineData("help")]
    [InlineData("")]
    [InlineData("--help --quick")]
    public async Task Help_of_all_names_every_command(string asking)
    {
        var run = await script.RunRecordedAsync(asking.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.All(Names, command => Assert.Contains($"\n  {command.Split(' ')[0]} ", run.Output));
        AssertNothing();
    }

    [Theory]
    [InlineData("--version")]
    [InlineData("demo --version")]
    [InlineData("bench pipeline --version")]
    public async Task The_version_is_one_line(string asking)
    {
        var run = await script.RunRecordedAsync(asking.Split(' '));
        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.Matches(@"^[0-9]+\.[0-9]+\.[0-9]+\n$", run.Output);
        AssertNothing();
    }

    [Theory]
    [MemberData(nameof(WrongCommandLines))]
    public async Task What_is_wrong_is_one_line_and_exit_code_2(string commandLine, string complaint)
    {
        var run = await script.RunRecordedAsync(commandLine.Split(' '));
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.StartsWith($"justrunit: {complaint}", Assert.Single(run.ErrorLines));
        AssertNothing();
    }

    [Fact]
    public async Task Status_looks_and_changes_nothing()
    {
        var run = await script.RunRecordedAsync("status");
        Assert.Equal((3, ""), (run.ExitCode, run.Errors));
        Assert.Contains("PostgreSQL  stopped\nRabbitMQ    stopped\n", run.Output);
        AssertNothing();
    }

    [Fact]
    public async Task Where_something_must_be_set_up_the_recording_sees_it()
    {
        var run = await script.RunRecordedAsync("proxy", "--role", "in", "--upstream", "127.0.0.1:1", "--listen", "127.0.0.1:2");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("dotnet --list-sdks", script.Calls);
    }

    [Theory]
    [InlineData("backEnd: vm", true)]
    [InlineData("agent: x\n  backEnd:   vm # for all", true)]
    [InlineData("{ \"agent\": \"x\",\n  \"backEnd\": \"vm\" }", true)]
    [InlineData("backEnd: container", false)]
    [InlineData("backEnd: vmware", false)]
    [InlineData("# backEnd: vm", false)]
    public async Task Only_a_file_for_virtual_machines_calls_for_an_emulator(string text, bool isForVms)
    {
        foreach (var name in (string[])["host-agent.yaml", "--help", "-e"])
        {
            var file = Path.Combine(script.Folder, name);
            await File.WriteAllTextAsync(file, text);
            var run = await script.RunFunctionAsync("cd \"$1\" && is_for_vms \"$2\"", script.Folder, name);
            Assert.Equal((isForVms ? 0 : 1, "", ""), (run.ExitCode, run.Output, run.Errors));
            File.Delete(file);
        }
    }

    private void AssertNothing()
    {
        Assert.Empty(script.Calls);
        Assert.False(Directory.Exists(script.LocalFolder), $"{script.LocalFolder} was made");
    }
}
