namespace JustRunIt.Console.Tests;

/// <summary>
/// On a machine where nothing is built: neither help nor a wrong command line installs, downloads, starts or builds anything.
/// </summary>
public sealed class NothingIsSetUpTests : IDisposable
{
    private static readonly string[] Names =
    [
        "demo", "test", "chaos", "up", "down", "proxy", "hosts", "clone", "logs", "replay", "audit", "report", "rules", "fuzz", "soak",
        "record", "export", "asyncapi", "setup", "status", "bench",
        "bench pipeline", "bench proxy", "bench fidelity", "bench clone", "bench quota-period", "bench audit",
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
        { "demo --json", "demo: --json: missing value; allowed is a file to be written" },
        { "demo --json --quick", "demo: --json: missing value; allowed is a file to be written" },
        { "demo --json a --json b", "demo: --json: given twice; allowed is once" },
        { "demo --quick=perhaps", "demo: --quick: 'perhaps'; allowed is no value" },
        { "demo -q", "demo: unknown option '-q'; allowed is " },
        { "up", "up: --services: missing; allowed is a file that can be read" },
        { "up --agent justrunit --proxies justrunit", "up: --services: missing; allowed is a file that can be read" },
        { "up --services nosuch --agent x --proxies x", "up: --services: 'nosuch'; allowed is a file that can be read" },
        { "up --services infra --agent x --proxies x", "up: --services: 'infra'; allowed is a file that can be read" },
        { "up --services justrunit --agent", "up: --agent: missing value; allowed is a file that can be read" },
        { "proxy --role in --upstream 127.0.0.1:1 --listen", "proxy: --listen: missing value; allowed is IP:PORT, such as 127.0.0.1:8080" },
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
        { "proxy --role in", "proxy: --upstream: missing; allowed is HOST:PORT, such as 127.0.0.1:8080, or unix:PATH, such as unix:/run/" },
        { $"{Proxy} --end-idle 9", "proxy: --end-idle: '9'; allowed is a duration with its unit (ms, s, min, h) from 1s to 1h" },
        { $"{Proxy} --drain soon", "proxy: --drain: 'soon'; allowed is a duration with its unit (ms, s, min, h) from 0s to 1h" },
        { "replay", "replay: STREAM: missing; './justrunit replay --help' explains it" },
        {
            "replay matrix shop today",
            "replay: unknown argument 'today'; "
                + "allowed is STREAM, NAME, --at, --follow, -f, --causes, --state, --json or --help"
        },
        { "replay matrix shop --at", "replay: --at: missing value; allowed is WHEN" },
        { "audit", "audit: STREAM: missing; allowed is a stream, or --all" },
        { "audit matrix shop --all", "audit: --all: given with 'matrix'; allowed is one of them" },
        { "audit --every", "audit: unknown option '--every'; allowed is STREAM..., --all, --since, --checkpoint, " },
        { "audit --all --key nosuch", "audit: --key: 'nosuch'; allowed is a file that can be read" },
        { "audit shop --next kept", "audit: --next: given with 'shop'; allowed is --all" },
        { "audit --all --since", "audit: --since: missing value; allowed is a duration with its unit (ms, s, min, h), such as" },
        { "replay --to 127.0.0.1:1", "replay: --trace: missing; allowed is a file that can be read" },
        { "replay --trace nosuch --to 127.0.0.1:1", "replay: --trace: 'nosuch'; allowed is a file that can be read" },
        { "bench", "bench: NAME: missing; allowed is pipeline, proxy, fidelity, clone, quota-period or audit" },
        { "bench nosuch", "bench: 'nosuch'; allowed is pipeline, proxy, fidelity, clone, quota-period or audit" },
        { "bench --json x", "bench: '--json'; allowed is pipeline, proxy, fidelity, clone, quota-period or audit" },
        {
            "bench pipeline --quick",
            "bench pipeline: unknown option '--quick'; "
                + "allowed is --json, --plot, --only, --minutes, --services, --explorations, --measure or --help"
        },
        { "bench proxy --only tcp", "bench proxy: --only: 'tcp'; allowed is http, cost, chain, stall, databases or idle" },
        { "bench clone --heap much", "bench clone: --heap: 'much'; allowed is a whole number from 1 to 4000" },
        { "fuzz mysql http", "fuzz: unknown argument 'http'; allowed is PARSER, --time, --seed, --input or --help" },
        { "soak --time 10", "soak: --time: '10'; allowed is a duration with its unit (ms, s, min, h), such as 50ms, 10s," },
        { "record", "record: FOLDER: missing; './justrunit record --help' explains it" },
        { "test nosuch", "test: 'nosuch'; allowed is a project or folder, or what 'dotnet test' takes" },
    };

    /// <summary>Values of the wrong form: each is told before anything is set up, as the program that reads it would tell it.</summary>
    public static TheoryData<string, string> WrongValues => new()
    {
        { "demo --plot plot.gif", "demo: --plot: 'plot.gif'; allowed is a file to be written whose name ends in .png or .svg" },
        { "demo --json infra", "demo: --json: 'infra'; allowed is a file to be written" },
        { "roles --agent ../host", "roles: --agent: '../host'; allowed is names of 1 to 63 letters, digits, '-', '_' and '.'," },
        { "roles --node front,-x", "roles: --node: 'front,-x'; allowed is names of 1 to 63 letters, digits, '-', '_' and '.'," },
        { "hosts --adopt a --end b", "hosts: --adopt and --end: allowed is one of them" },
        { "clone a/b", "clone: NAME: 'a/b'; allowed is a name of 1 to 63 letters, digits, '-', '_' and '.', a letter or digit first" },
        { "clone shop-1 --cpu much", "clone: --cpu: 'much'; allowed is a percentage from 1 to 409600" },
        { "clone shop-1 --cpu 0.5%", "clone: --cpu: '0.5%'; allowed is a percentage from 1 to 409600" },
        { "clone shop-1 --cpu NaN", "clone: --cpu: 'NaN'; allowed is a percentage from 1 to 409600" },
        { "clone shop-1 --next nowhere", "clone: --next: 'nowhere'; allowed is HOST:PORT, such as 127.0.0.1:8080" },
        { "clone shop-1 --next a:0", "clone: --next: 'a:0'; allowed is HOST:PORT, such as 127.0.0.1:8080" },
        { "forget app_2;", "forget: MACHINE: 'app_2;'; allowed is a name of 1 to 63 letters, digits, '-', '_' and '.'," },
        { "forget app-2 --data-center .", "forget: --data-center: '.'; allowed is a name of 1 to 63 letters," },
        { "logs --since yesterday", "logs: --since: 'yesterday'; allowed is a duration with its unit (ms, s, min, h), such as 50ms, 10s," },
        { "logs --since 2026-02-30", "logs: --since: '2026-02-30'; allowed is a duration with its unit (ms, s, min, h), such as" },
        { "logs --level loud", "logs: --level: 'loud'; allowed is Verbose, Debug, Information, Warning, Error or Fatal" },
        { "logs --correlation mine", "logs: --correlation: 'mine'; allowed is a correlation id, or its first characters: hexadecimal" },
        { "parked --replay 12", "parked: --replay: '12'; allowed is an id that 'parked' lists, or all" },
        { "replay --trace /etc/passwd --to shop:80", "replay: --to: 'shop:80'; allowed is IP:PORT, such as 127.0.0.1:8080" },
        { $"{Replay} --sessions 200", "replay: --sessions: '200'; allowed is a percentage from 1% to 10000%" },
        { $"{Replay} --protocol mysql", "replay: --protocol: 'mysql'; allowed is http or ajp13" },
        { $"{Replay} --seed 2147483648", "replay: --seed: '2147483648'; allowed is a whole number from -2147483648 to 2147483647" },
        { $"{Replay} --pace 11", "replay: --pace: '11'; allowed is a number from 0.1 to 10" },
        { "report --of nowhere", "report: --of: 'nowhere'; allowed is HOST:PORT, such as 127.0.0.1:8080, or unix:PATH," },
        { "report --of a:1 --reset --metrics", "report: --reset: given with --metrics; allowed is one of them" },
        { "rules improve --admin a:1", "rules: ACTION: 'improve'; allowed is propose or reload" },
        { "rules --admin a:1", "rules: ACTION: missing; allowed is propose or reload" },
        { "bench pipeline --minutes 0", "bench pipeline: --minutes: '0'; allowed is a whole number from 1 to 1440" },
        { "bench pipeline --plot a.svg", "bench pipeline: --plot: 'a.svg'; allowed is a file to be written whose name ends in .png" },
        { "fuzz ftp", "fuzz: PARSER: 'ftp'; allowed is http, ajp13, mysql, postgresql or all" },
        { "fuzz --seed one", "fuzz: --seed: 'one'; allowed is a whole number from -2147483648 to 2147483647" },
        { "soak --rate 0", "soak: --rate: '0'; allowed is a number from 1 to 100000" },
        { "record vectors ftp", "record: PROTOCOL: 'ftp'; allowed is http, ajp13, mysql or postgresql" },
        { "proxy --role in --upstream 127.0.0.1:1", "proxy: --listen: missing; allowed is IP:PORT, or --install" },
        { "proxy --role in --upstream :1", "proxy: --upstream: ':1'; allowed is HOST:PORT, such as 127.0.0.1:8080, or unix:PATH," },
        { "proxy --role in --upstream 1.2:3", "proxy: --upstream: '1.2:3'; allowed is HOST:PORT," },
        { "proxy --role in --upstream [::1:3", "proxy: --upstream: '[::1:3'; allowed is HOST:PORT," },
        { "proxy --role in --upstream [1:2]:3", "proxy: --upstream: '[1:2]:3'; allowed is HOST:PORT," },
        { "proxy --role in --upstream a:65536", "proxy: --upstream: 'a:65536'; allowed is HOST:PORT," },
        { "proxy --role in --upstream unix:socket", "proxy: --upstream: 'unix:socket'; allowed is HOST:PORT," },
        { $"{Proxy} --install localhost:80", "proxy: --install: 'localhost:80'; allowed is IP:PORT, such as 127.0.0.1:8080" },
        { "proxy --role in --upstream shop:80 --install", "proxy: --upstream: 'shop:80'; allowed is IP:PORT where --install is given," },
        { "proxy --role in --upstream unix:/a --install", "proxy: --install: missing address; allowed is IP:PORT, where --upstream" },
        { "proxy --role in --upstream 0.0.0.0:80 --install", "proxy: --install: '0.0.0.0:80'; allowed is IP:PORT of one address, such" },
        { $"{Proxy} --install --protocol mysql --end-idle 9s", "proxy: --end-idle: '9s'; allowed is none where protocol mysql is" },
        { $"{Proxy} --end-idle 9s", "proxy: --end-idle: '9s'; allowed is none without --install" },
        { $"{Proxy} --sandbox 127.0.0.1:0", "proxy: --sandbox: '127.0.0.1:0'; allowed is IP:PORT, such as 127.0.0.1:8080" },
        { $"{Proxy} --clone 10.0.0.7", "proxy: --clone: '10.0.0.7'; allowed is none without --role out and --sandbox" },
        { $"{Proxy} --clone 10.0.0.0/8", "proxy: --clone: '10.0.0.0/8'; allowed is addresses and networks of clones," },
        { $"{Proxy} --protocol ftp", "proxy: --protocol: 'ftp'; allowed is http, ajp13, mysql, postgresql or tcp" },
        { $"{Proxy} --protocol tcp --memory 64", "proxy: --memory: '64'; allowed is none where protocol tcp is only relayed" },
        { $"{Proxy} --time-shift 1s1h", "proxy: --time-shift: '1s1h'; allowed is a duration with its unit (ms, s, min, h) from 1ms to 1h" },
        { $"{Proxy} --time-shift 0s", "proxy: --time-shift: '0s'; allowed is a duration with its unit (ms, s, min, h) from 1ms to 1h" },
        { $"{Proxy} --time-shift 1.2.3s", "proxy: --time-shift: '1.2.3s'; allowed is a duration with its unit (ms, s, min, h) from 1ms" },
        { $"{Proxy} --speed 1,5", "proxy: --speed: '1,5'; allowed is a number from 0.1 to 10" },
        { $"{Proxy} --speed 2", "proxy: --hold: missing; allowed is a duration such as 30s where --speed is above 1" },
        { $"{Proxy} --hold 2s", "proxy: --hold: '2s'; allowed is none where --speed is not above 1" },
        { $"{Proxy} --memory 1.5", "proxy: --memory: '1.5'; allowed is a whole number from 1 to 65536" },
        { $"{Proxy} --admin localhost:1", "proxy: --admin: 'localhost:1'; allowed is IP:PORT, such as 127.0.0.1:8080 (port 0: any" },
    };

    /// <summary>Values that the programs read: what the script lets through is no more than that, and no less.</summary>
    public static TheoryData<string, string> RightValues => new()
    {
        { "DURATION", "1s|50ms|1.5s|.5s|5.s|3 min|1h30min|1 h 30 min 1s 1ms" },
        { "DURATION:1ms..1h", "1ms|1h|60min|3600s" },
        { "IP:PORT", "127.0.0.1:1|[::1]:65535|[1:2:3:4:5:6:7:8]:80|[::ffff:1.2.3.4]:9|127.0.0.1:00080" },
        { "IP:ANYPORT", "0.0.0.0:0|[::]:0" },
        { "HOST:PORT", "localhost:1|a-b.c_d.example.:80|127.0.0.1:1" },
        { "HOST:PORT,unix:PATH", "unix:/run/mysqld/mysqld.sock|[fe80::1]:1" },
        { "NUMBER:0.1..10", "0.1|10|1e0|.5|+2" },
        { "WHOLE:-5..5", "-5|+5|0|005" },
        { "SHARE:1..409600", "60%|60|40 %|12.5%|1e2" },
        { "PERCENT:1..10000", "1%|10000%|50 %" },
        { "NAME", "a|shop-1|A_b.c|0" },
        { "NAMES", "a|host-1,host-2|a, b,,c" },
        { "ID", "5f3a2c1e|5F3A-" },
        { "GUID", "all|01234567-89ab-cdef-0123-456789abcdef|{01234567-89ab-cdef-0123-456789abcdef}" },
        { "LEVEL", "Warning|verbose" },
        { "TIME", "10min|12:00|23:59:59|2026-01-31|2026-01-31T12:00:00Z|2026-01-31 12:00" },
        { "CLONES", "10.0.0.7|10.213.0.0/16,user:root|127.0.0.0/8|::1|fd00::/48|user:0" },
    };

    private static string Proxy => "proxy --role in --upstream 127.0.0.1:1 --listen 127.0.0.1:2";

    private static string Replay => "replay --trace /etc/passwd --to 127.0.0.1:1";

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
    [MemberData(nameof(WrongValues))]
    public async Task What_is_wrong_is_one_line_and_exit_code_2(string commandLine, string complaint)
    {
        var run = await script.RunRecordedAsync(commandLine.Split(' '));
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.StartsWith($"justrunit: {complaint}", Assert.Single(run.ErrorLines));
        AssertNothing();
    }

    [Theory]
    [MemberData(nameof(RightValues))]
    public async Task What_the_programs_read_is_let_through(string form, string values)
    {
        foreach (var value in values.Split('|'))
        {
            var run = await script.RunFunctionAsync("is_value proxy \"$1\" \"$2\"", form, value);
            Assert.Equal((value, 0, "", ""), (value, run.ExitCode, run.Output, run.Errors));
        }
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
