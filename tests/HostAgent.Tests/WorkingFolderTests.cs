using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;
using JustRunIt.HostAgent.Tests.Compliance;

namespace JustRunIt.HostAgent.Tests;

/// <summary>A program starts where nobody but root and the agent's own user chooses what it finds. Needs root.</summary>
public sealed class WorkingFolderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("justrunit-folder-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void One_that_only_the_agents_user_and_root_write_to_is_taken_also_by_a_link()
    {
        WorkingFolder.Check("/");
        WorkingFolder.Check(folder);
        WorkingFolder.Check(Path.Combine(Make("one/two"), "..", "two") + "/");
        File.CreateSymbolicLink(Path.Combine(folder, "current"), "one");
        WorkingFolder.Check(Path.Combine(folder, "current", "two"));
    }

    [Fact]
    public async Task One_that_others_write_to_or_put_in_its_place_is_refused()
    {
        Refused("/tmp", "others can write to /tmp");
        Refused("relative", "it is not absolute");
        Refused(Path.Combine(folder, "nowhere"), "No such file or directory");

        var open = Make("open");
        await Tool.RunAsync("chmod", $"g+w {open}");
        Refused(open, $"others can write to {open}");
        Refused(Make("open/inside"), $"others can write to {open}");

        var link = Path.Combine(folder, "link");
        File.CreateSymbolicLink(link, "/tmp");
        Refused(link, "others can write to /tmp");
        File.CreateSymbolicLink(Path.Combine(folder, "round"), "round");
        Refused(Path.Combine(folder, "round"), "it has too many links");

        var others = Make("others");
        await Tool.RunAsync("chown", $"12345 {others}");
        Refused(others, $"{others} is user 12345's");
        Refused(Make("others/inside"), $"{others} is user 12345's");
    }

    [Fact]
    public async Task Of_an_image_its_own_folder_is_looked_at_and_nothing_in_it()
    {
        var image = Make("image");
        await Tool.RunAsync("chmod", $"755 {folder} {image}");
        // As images are: folders of the program's own user, of a group that writes, and one for everybody.
        await Tool.RunAsync("chown", $"1000 {Make("image/app")}");
        await Tool.RunAsync("chmod", $"775 {Make("image/srv")}");
        await Tool.RunAsync("chmod", $"1777 {Make("image/tmp")}");
        WorkingFolder.CheckImage(image);
        File.CreateSymbolicLink(Path.Combine(folder, "newest"), "image");
        WorkingFolder.CheckImage(Path.Combine(folder, "newest"));
        Refused(() => WorkingFolder.CheckImage(image + "-none"), $"program.image: '{image}-none' (", "No such file or directory");

        await Tool.RunAsync("chmod", $"777 {image}");
        Refused(() => WorkingFolder.CheckImage(image), $"program.image: '{image}' (", $"others can write to {image}");
        await Tool.RunAsync("chmod", $"755 {image}");
        await Tool.RunAsync("chown", $"12345 {image}");
        Refused(() => WorkingFolder.CheckImage(image), $"program.image: '{image}' (", $"{image} is user 12345's");
    }

    [Fact]
    public async Task An_agent_whose_file_says_what_it_may_start_starts_nothing_in_one_that_is_refused()
    {
        var allowed = new Allowed([new AllowedProgram("dotnet", ["**"], ["DOTNET_gcServer"])], [], [Allowed.OwnUser]);
        await using var agent = new Agent("process", settings => settings with { Allowed = allowed });
        await agent.Vms.RecoverAsync(CancellationToken.None);
        var specimen = agent.Specimen("server", 0.3);
        await BackEndCompliance.RefusedAsync(
            () => agent.RunAsync(specimen with { Program = specimen.Program with { WorkingDirectory = "/tmp" } }),
            "program.workingDirectory: '/tmp' (others can write to /tmp); allowed is");
        Assert.Empty(await agent.LeftAsync());
        await agent.RunAsync(specimen with { Program = specimen.Program with { WorkingDirectory = "/" } });
    }

    private static void Refused(string path, string why)
    {
        var refused = Assert.Throws<HostException>(() => WorkingFolder.Check(path));
        Assert.StartsWith($"program.workingDirectory: '{path}' (", refused.Message);
        Assert.Contains(why, refused.Message);
        Assert.Contains("); allowed is ", refused.Message);
    }

    private static void Refused(Action check, string field, string why)
    {
        var refused = Assert.Throws<HostException>(check);
        Assert.StartsWith(field, refused.Message);
        Assert.Contains(why, refused.Message);
    }

    private string Make(string name) => Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
}
