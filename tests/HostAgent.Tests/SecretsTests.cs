using System.Text;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;
using JustRunIt.HostAgent.Secrets;
using JustRunIt.HostAgent.VirtualMachines;
using JustRunIt.Hosting.Files;

namespace JustRunIt.HostAgent.Tests;

/// <summary>What servers are told is in nobody else's hands, and what the agent writes is in its owner's alone.</summary>
public sealed class SecretsTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    private const string InClear = "hunter2-by-command";
    private const string ByName = "hunter2-by-name";

    [Fact]
    public async Task A_servers_environment_is_in_no_file_in_clear_and_known_after_a_restart()
    {
        Secret("db", ByName);
        var start = agent.Calculator("told", 0.2);
        start = start with
        {
            Program = start.Program with
            {
                Environment = new Dictionary<string, string> { ["WORD"] = InClear, ["DB"] = "Host=db;Password={secret:db}" },
            },
        };
        var vm = await agent.Vms.StartAsync(start, CancellationToken.None);
        Assert.Equal([InClear, $"Host=db;Password={ByName}"], Told(vm.ProcessId, "WORD", "DB"));
        NothingIsReadable();

        agent.Replace(agent.NewAgent());
        await agent.Vms.RecoverAsync(CancellationToken.None);
        await agent.Vms.CloneAsync(
            new CloneVm(
                "s", Guid.NewGuid(), agent.Settings.Agent, "told", "told-clone", "sandbox-1", null, DateTimeOffset.UtcNow.AddMinutes(5)),
            CancellationToken.None);

        Assert.Equal(
            [InClear, $"Host=db;Password={ByName}"],
            Told(agent.Vms.List().Single(running => running.Name == "told-clone").ProcessId, "WORD", "DB"));
        NothingIsReadable();
        await agent.Vms.StopAsync("told-clone", CancellationToken.None);
        await agent.Vms.StopAsync("told", CancellationToken.None);
    }

    [Fact]
    public async Task A_server_that_says_what_it_was_told_is_not_repeated()
    {
        Secret("said", "hunter2-said");
        var program = agent.Shell("echo \"no access with $TOLD and $NAMED\" >&2; exit 3") with
        {
            Environment = new Dictionary<string, string> { ["TOLD"] = InClear, ["NAMED"] = "{secret:said}" },
        };

        var problem = await Assert.ThrowsAsync<HostException>(
            () => agent.Vms.StartAsync(agent.Start("talking", "host-1", 0.1, program), CancellationToken.None));

        Assert.Equal("the program ended before it was healthy: no access with *** and ***", problem.Message);
    }

    [Theory]
    [InlineData("DB_PASSWORD", InClear)]
    [InlineData("apiKey", InClear)]
    [InlineData("DB", $"Host=db;Username=shop;Password={InClear}")]
    [InlineData("DATABASE_URL", $"postgres://shop:{InClear}@db/shop")]
    public async Task A_secret_that_is_sent_in_clear_is_refused_by_its_variables_name_and_nothing_is_made_of_it(string name, string value)
    {
        var program = agent.Shell("exit 0") with
        {
            Environment = new Dictionary<string, string> { ["MODE"] = "fast", [name] = value },
        };

        var problem = await Assert.ThrowsAsync<HostException>(
            () => agent.Vms.StartAsync(agent.Start("clear", "host-1", 0.1, program), CancellationToken.None));

        Assert.StartsWith($"program.environment: {name}: in clear; allowed is {{secret:NAME}} in place of a secret", problem.Message);
        Assert.DoesNotContain(InClear, problem.Message, StringComparison.Ordinal);
        NothingIsReadable();
        Assert.DoesNotContain(agent.Vms.List(), vm => vm.Name == "clear");
    }

    [Fact]
    public void What_names_its_secrets_or_has_none_is_not_refused()
    {
        var program = agent.Shell("") with
        {
            Environment = new Dictionary<string, string>
            {
                ["DB_PASSWORD"] = "{secret:db}",
                ["DB"] = "Host=db;Username=shop;Password={secret:db}",
                ["DATABASE_URL"] = "postgres://shop:{secret:db}@db/shop",
                ["SECRET"] = "",
                ["LISTEN"] = "{listen}",
                ["DOTNET_gcServer"] = "0",
                ["CATALINA_OPTS"] = "-Down.address={listenHost} -Down.port={listenPort}",
            },
        };
        Assert.Empty(ServerSecrets.InClear(program));
        ServerSecrets.CheckSent(program, null);
    }

    [Theory]
    [InlineData("Authorization: Bearer {secret:t}")]
    [InlineData("Authorization:Basic {secret:t}")]
    [InlineData("Authorization=Bearer {secret:t}")]
    [InlineData("Authorization=Bearer {secret:t},x-tenant=shop")]
    [InlineData("authorization=Bearer%20{secret:t}")]
    [InlineData("api-key={secret:t},team=shop")]
    [InlineData("https://x-access-token:{secret:t}@host.example/shop.git")]
    [InlineData("https://host.example/?token={secret:t}&page=2")]
    [InlineData("Host=db;Password={secret:t} ;Timeout=3")]
    [InlineData("Host=db;Password='{secret:t}';Timeout=3")]
    [InlineData("Password={secret:a};Pwd={secret:b}")]
    [InlineData("{\"user\": \"shop\", \"password\": \"{secret:t}\", \"host\": \"db\"}")]
    [InlineData("--requirepass {secret:t} --masterauth {secret:t}")]
    [InlineData("-Djavax.net.ssl.keyStorePassword={secret:t} -Xmx1g")]
    [InlineData("Password=***")]
    public void A_value_that_names_its_secrets_is_taken_whatever_is_around_them(string value) => Assert.Empty(InClearOf(value));

    [Theory]
    [InlineData("Authorization: Bearer hunter2hunter2")]
    [InlineData("Authorization=Bearer hunter2hunter2")]
    [InlineData("name={secret:t};Password=hunter2")]
    [InlineData("Password=hunter2;name={secret:t}")]
    [InlineData("Password=hunter2;name={secret:t};Password={secret:u}")]
    [InlineData("Password={secret:t};Pwd=hunter2")]
    [InlineData("postgres://shop:hunter2@db/{secret:name}")]
    [InlineData("https://host.example/?token=hunter2&other={secret:t}")]
    [InlineData("{\"password\": \"hunter2\", \"other\": \"{secret:t}\"}")]
    public void A_secret_in_clear_is_refused_also_beside_one_that_is_named(string value) =>
        Assert.Equal(["OPTIONS"], InClearOf(value));

    [Fact]
    public void The_agents_file_says_what_is_a_secret_and_what_is_none()
    {
        var allowed = new Allowed(
            [
                new AllowedProgram("/bin/sh", ["**"], ["TOKEN_SECONDS", "SALT"]) { Plain = ["TOKEN_SECONDS"], Secrets = ["SALT"] },
            ],
            [],
            [Allowed.OwnUser]);
        VmProgram With(string name, string value) =>
            agent.Shell("") with { Environment = new Dictionary<string, string> { [name] = value } };

        ServerSecrets.CheckSent(With("TOKEN_SECONDS", "60"), allowed);
        allowed.Check(With("TOKEN_SECONDS", "60"), null);
        allowed.Check(With("SALT", "{secret:salt}"), null);
        Assert.Equal(
            "program.environment: 'SALT' is a secret by the agent's allow.programs for /bin/sh; allowed is {secret:NAME}",
            Assert.Throws<HostException>(() => allowed.Check(With("SALT", "1234"), null)).Message);
        Assert.Throws<HostException>(() => ServerSecrets.CheckSent(With("TOKEN", "60"), allowed));
    }

    [Theory]
    [InlineData("missing", false, "environment: secret missing cannot be read from ")]
    [InlineData("open", true, "environment: secret open: others than the agent may read ")]
    public async Task A_secret_that_is_not_there_or_open_to_others_is_refused_by_name(string name, bool isThere, string reason)
    {
        if (isThere)
            await Tool.RunAsync("chmod", ["644", Secret(name, ByName)]);
        var program = agent.Shell("exit 0") with { Environment = new Dictionary<string, string> { ["A"] = $"{{secret:{name}}}" } };

        var problem = await Assert.ThrowsAsync<HostException>(
            () => agent.Vms.StartAsync(agent.Start("untold", "host-1", 0.1, program), CancellationToken.None));

        Assert.StartsWith(reason, problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(ByName, problem.Message, StringComparison.Ordinal);
        if (isThere)
            File.Delete(Path.Combine(agent.Settings.StateFolder, "secrets", name));
    }

    [Fact]
    public void A_guests_environment_is_in_no_list_of_processes_and_not_on_its_console()
    {
        var program = agent.Shell("") with
        {
            Arguments = ["console=ttyS0"],
            Environment = new Dictionary<string, string> { ["DB_PASSWORD"] = InClear },
        };
        var command = new QemuCommand(
            "guest", new Accelerator("tcg", ""), 1, MemorySize.FromMebibytes(64), Guest.Of(program), "ip=10.0.0.2", "", "", null, "", "",
            false, false);

        Assert.DoesNotContain(command.Arguments, argument => argument.Contains(InClear, StringComparison.Ordinal));
        Assert.Equal($"[machine]\n  append = \"console=ttyS0 DB_PASSWORD={InClear} quiet ip=10.0.0.2\"\n", command.Configuration);
    }

    [Fact]
    public void A_value_that_a_kernel_cannot_be_told_is_refused_and_not_repeated()
    {
        var program = agent.Shell("") with { Environment = new Dictionary<string, string> { ["A"] = "hunter2 and more" } };

        var problem = Assert.Throws<HostException>(() => Guest.Of(program));

        Assert.DoesNotContain("hunter2", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sealed_environment_without_its_key_is_kept_and_refused_by_name_when_it_is_needed()
    {
        var program = agent.Shell("") with { Environment = new Dictionary<string, string> { ["A"] = "sealed:v1:AAAA" } };

        var problem = Assert.Throws<HostException>(() => new ServerSecrets(agent.Settings.StateFolder).Reveal(program));

        Assert.Equal("environment: A was sealed with a key that is no longer there; start the server anew", problem.Message);
    }

    private IReadOnlyList<string> InClearOf(string value) =>
        ServerSecrets.InClear(agent.Shell("") with { Environment = new Dictionary<string, string> { ["OPTIONS"] = value } });

    private string Secret(string name, string value)
    {
        var file = Path.Combine(OwnerOnly.OwnFolder(Path.Combine(agent.Settings.StateFolder, "secrets")), name);
        OwnerOnly.WriteAllText(file, value + "\n");
        return file;
    }

    private void NothingIsReadable()
    {
        foreach (var path in Directory.EnumerateFileSystemEntries(agent.Settings.StateFolder, "*", SearchOption.AllDirectories))
        {
            Assert.False(OwnerOnly.IsOpenToOthers(path), path);
            if (Directory.Exists(path) || Path.GetDirectoryName(path) == Path.Combine(agent.Settings.StateFolder, "secrets"))
                continue;
            var text = Encoding.UTF8.GetString(File.ReadAllBytes(path));
            Assert.DoesNotContain(InClear, text, StringComparison.Ordinal);
            Assert.DoesNotContain(ByName, text, StringComparison.Ordinal);
        }
    }

    private static string[] Told(int process, params string[] names)
    {
        var variables = File.ReadAllText($"/proc/{process}/environ").Split('\0');
        return
        [
            .. names.Select(name => $"{name}=")
                .Select(prefix => variables.Single(variable => variable.StartsWith(prefix, StringComparison.Ordinal))[prefix.Length..]),
        ];
    }
}
