using JustRunIt.Client.Supervision;

namespace JustRunIt.Console.Tests;

/// <summary>
/// The script and what it is made of in a folder of its own, as after a clone: nothing is built, nothing is set up. Its data and its
/// ports are its own.
/// </summary>
internal sealed class ScriptCopy : IDisposable
{
    /// <summary>
    /// What installs, downloads, starts or builds. In <see cref="StandIns"/> each is a stand-in that only records that it was called,
    /// and fails.
    /// </summary>
    private static readonly string[] Recorded =
    [
        "dotnet", "apt-get", "apt-cache", "apt", "dpkg-deb", "dpkg", "sudo", "curl", "wget", "initdb", "pg_ctl", "postgres",
        "rabbitmq-server", "rabbitmqctl", "epmd", "erl", "setpriv", "setsid", "useradd", "criu", "qemu-system-x86_64", "qemu-img",
        "busybox", "cpio", "cc", "mkfs.btrfs", "nginx", "mariadbd", "ip", "nft", "flock", "mkdir", "mktemp",
    ];

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("justrunit-script-");

    public ScriptCopy()
    {
        // Open to the user that servers run as, so that their data stay inside.
        folder.UnixFileMode |= UnixFileMode.GroupExecute | UnixFileMode.OtherExecute | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        foreach (var file in (string[])["justrunit", "Directory.Build.props", "JustRunIt.Events.sln"])
            File.Copy(Path.Combine(Programs.Home, file), Path.Combine(folder.FullName, file));
        Directory.CreateDirectory(Path.Combine(folder.FullName, "infra"));
        var scripts = Directory.CreateDirectory(Path.Combine(folder.FullName, "infra", "local"));
        foreach (var file in new DirectoryInfo(Path.Combine(Programs.Home, "infra", "local")).GetFiles())
            file.CopyTo(Path.Combine(scripts.FullName, file.Name));
    }

    /// <summary>Where it is.</summary>
    public string Folder => folder.FullName;

    /// <summary>What a set-up leaves behind.</summary>
    public string LocalFolder => Path.Combine(Folder, ".justrunit");

    /// <summary>What was called of what installs, downloads, starts or builds: a line a call.</summary>
    public IReadOnlyList<string> Calls => File.Exists(Record) ? File.ReadAllLines(Record) : [];

    private string StandIns => Path.Combine(Folder, "recording-stand-ins");

    private string Record => Path.Combine(Folder, "calls");

    /// <summary>Runs it with the stand-ins first on the path.</summary>
    public Task<CommandRun> RunRecordedAsync(params string[] arguments)
    {
        if (!Directory.Exists(StandIns))
        {
            Directory.CreateDirectory(StandIns);
            foreach (var name in Recorded)
            {
                var standIn = Path.Combine(StandIns, name);
                File.WriteAllText(standIn, $"#!/bin/sh\nprintf '%s %s\\n' {name} \"$*\" >>'{Record}'\nexit 1\n");
                File.SetUnixFileMode(standIn, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }

        return RunAsync(new() { ["PATH"] = $"{StandIns}:/usr/bin:/bin", ["DOTNET_ROOT"] = null, ["HOME"] = Folder }, arguments);
    }

    /// <summary>Runs it on this machine as it is, with servers of its own.</summary>
    public Task<CommandRun> RunAsync(params string[] arguments) => RunAsync([], arguments);

    /// <summary>Runs shell commands in which the functions of its parts are known.</summary>
    public Task<CommandRun> RunFunctionAsync(string commands, params string[] arguments) => CommandRun.OfAsync(
        "bash",
        [
            "-c",
            // One that may be executed is a program of its own.
            $"ROOT='{Folder}'; for part in '{Folder}'/infra/local/*.sh; do [[ -x $part ]] || . \"$part\"; done; {commands}",
            "bash",
            .. arguments,
        ]);

    public void Dispose() => folder.Delete(recursive: true);

    private Task<CommandRun> RunAsync(Dictionary<string, string?> environment, string[] arguments)
    {
        foreach (var name in (string[])[
            "JUSTRUNIT_POSTGRES", "JUSTRUNIT_RABBITMQ", "JUSTRUNIT_RABBITMQCTL", "JUSTRUNIT_CREDENTIALS", "JUSTRUNIT_HOME"])
            environment[name] = null;
        return CommandRun.OfAsync(Path.Combine(Folder, "justrunit"), arguments, environment);
    }
}
