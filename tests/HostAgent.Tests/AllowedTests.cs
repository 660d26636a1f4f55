using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;

namespace JustRunIt.HostAgent.Tests;

/// <summary>An agent starts what its own file allows.</summary>
public sealed class AllowedTests
{
    private static readonly VmProgram Shop = new(
        "dotnet", ["/srv/shop/Shop.dll", "--listen", "{listen}"], new Dictionary<string, string>(), "/", "127.0.0.1:80", null, null);

    private static readonly Allowed Allows = new(
        [
            new AllowedProgram("dotnet", ["/srv/shop/*.dll", "--listen", "*"], ["SHOP_MODE"]),
            new AllowedProgram("/srv/bin/data", ["--folder", "**"], []),
        ],
        ["/srv/images/shop"],
        [Environment.UserName]);

    [Fact]
    public void What_the_file_names_is_started()
    {
        Allows.Check(Shop, null);
        Allows.Check(Shop with { Environment = new Dictionary<string, string> { ["SHOP_MODE"] = "fast" } }, null);
        Allows.Check(Shop with { Image = "/srv/images/shop" }, null);
        Allows.Check(Shop with { Executable = "/srv/bin/data", Arguments = ["--folder"] }, null);
        Allows.Check(Shop with { Executable = "/srv/bin/data", Arguments = ["--folder", "/x", "--anything"] }, null);
    }

    [Theory]
    [InlineData("sh", "-c;reboot", "program.executable: 'sh' is not in the agent's allow.programs; allowed is 'dotnet' or '/srv/bin/data'")]
    [InlineData("/usr/bin/dotnet", "/srv/shop/Shop.dll;--listen;x", "program.executable: '/usr/bin/dotnet' ")]
    [InlineData("dotnet", "/tmp/evil.dll;--listen;x", "program.arguments: '/tmp/evil.dll'; allowed ")]
    [InlineData("dotnet", "/srv/shop/../../tmp/evil.dll;--listen;x", "program.arguments: '/srv/shop/../../tmp/evil.dll'; allowed ")]
    [InlineData("dotnet", "/srv/shop/Shop.dll;--listen;x;--more", "program.arguments: 4; allowed by the agent's ")]
    [InlineData("dotnet", "", "program.arguments: 0; allowed by the agent's allow.programs for dotnet are 3")]
    [InlineData("dotnet", "/srv/shop/Shop.dll\n;--listen;x", "program.arguments: '/srv/shop/Shop.dll\n'; allowed ")]
    public void What_it_does_not_name_is_refused(string executable, string arguments, string reason)
    {
        var program = Shop with { Executable = executable, Arguments = arguments.Split(';', StringSplitOptions.RemoveEmptyEntries) };
        Assert.StartsWith(reason, Assert.Throws<HostException>(() => Allows.Check(program, null)).Message);
    }

    [Theory]
    [InlineData("/srv/shop/{next}.dll", "unix:/../../../tmp/evil", "/srv/shop/unix:/../../../tmp/evil.dll")]
    [InlineData("/srv/shop/{next}x.dll", "http://h/../../../../tmp/evil.dll?", "/srv/shop/http://h/../../../../tmp/evil.dll?x.dll")]
    public void Arguments_are_looked_at_as_they_will_be_once_their_placeholders_are_filled_in(string argument, string next, string filled)
    {
        var program = Shop with { Arguments = [argument, "--listen", "x"] };
        Assert.StartsWith(
            $"program.arguments: '{argument}', which becomes '{filled}'; allowed ",
            Assert.Throws<HostException>(() => Allows.Check(program, next)).Message);
    }

    [Fact]
    public void What_stands_for_a_placeholder_of_the_files_own_is_let_in()
    {
        var allows = Allows with { Programs = [new AllowedProgram("dotnet", ["/srv/shop/*.dll", "--next={next}", "{listen}*"], [])] };
        var program = Shop with { Arguments = ["/srv/shop/Shop.dll", "--next={next}", "{listen}/path"] };
        allows.Check(program, "unix:/run/data.sock");
        Assert.Throws<HostException>(() => allows.Check(
            program with { Arguments = ["/srv/shop/Shop.dll", "--next=unix:/run/data.sock", "{listen}"] }, "unix:/run/data.sock"));
    }

    [Fact]
    public void Nor_variables_that_make_a_program_load_something_else_nor_other_images_nor_another_user()
    {
        var variables = Shop with { Environment = new Dictionary<string, string> { ["DOTNET_STARTUP_HOOKS"] = "/tmp/evil.dll" } };
        Assert.StartsWith(
            "program.environment: 'DOTNET_STARTUP_HOOKS' ", Assert.Throws<HostException>(() => Allows.Check(variables, null)).Message);
        Assert.Equal(
            "program.image: '/tmp/evil' is not in the agent's allow.images; allowed is '/srv/images/shop'",
            Assert.Throws<HostException>(() => Allows.Check(Shop with { Image = "/tmp/evil" }, null)).Message);
        Assert.StartsWith(
            $"allow.users: programs run as {Environment.UserName} here; allowed is 'nobody'",
            Assert.Throws<HostException>(() => (Allows with { Users = ["nobody"] }).Check(Shop, null)).Message);
        Assert.Throws<HostException>(() => Allowed.Nothing.Check(Shop, null));
    }

    [Fact]
    public void A_file_that_names_nothing_allows_nothing()
    {
        var file = Path.GetTempFileName();
        const string agent = """
            dataCenter: dc
            agent: one
            stateFolder: /tmp/one
            machines:
              - { name: m, role: production, cpu: 100 %, memoryMiB: 1024 }

            """;
        try
        {
            File.WriteAllText(file, agent);
            Assert.Throws<HostException>(() => AgentFile.Read(file).Allowed!.Check(Shop, null));
            File.WriteAllText(file, agent + """
                allow:
                  programs:
                    - { executable: dotnet, arguments: ["/srv/shop/*.dll", --listen, "*"] }
                """);
            AgentFile.Read(file).Allowed!.Check(Shop, null);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
