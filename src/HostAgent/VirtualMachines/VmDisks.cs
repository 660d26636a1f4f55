using System.Globalization;
using System.Text.Json.Nodes;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;
using JustRunIt.Hosting.Files;

namespace JustRunIt.HostAgent.VirtualMachines;

/// <summary>
/// Disks of virtual machines: overlays (qcow2) over an image that is never written to. At a clone's instant the original's
/// overlay is closed to writing, and both go on in new ones above it.
/// </summary>
internal sealed class VmDisks(AgentSettings settings)
{
    private const string Extension = ".qcow2";
    private const string NodePrefix = "disk";
    private static readonly byte[] Qcow2Magic = [(byte)'Q', (byte)'F', (byte)'I', 0xfb];
    private static readonly TimeSpan MergePatience = TimeSpan.FromMinutes(5);

    private readonly string folder = Path.Combine(settings.StateFolder, "machines");

    /// <summary>Path of a virtual machine's socket for QMP.</summary>
    public string Socket(string vm) => Path.Combine(folder, $"{vm}.qmp");

    /// <summary>Path of the socket through which a clone gets its original's memory.</summary>
    public string Incoming(string vm) => Path.Combine(folder, $"{vm}.incoming");

    /// <summary>Makes a new overlay.</summary>
    /// <param name="vm">Whose.</param>
    /// <param name="below">What it lies over.</param>
    /// <returns>Its path, and the name of its block node.</returns>
    public async Task<(string File, string Node)> CreateAsync(string vm, string below)
    {
        OwnerOnly.OwnFolder(folder);
        var number = 0;
        while (File.Exists(Overlay(vm, number)))
            number++;
        var format = below.EndsWith(Extension, StringComparison.Ordinal) || IsQcow2(below) ? "qcow2" : "raw";
        await Tool.RunAsync("qemu-img", ["create", "-q", "-f", "qcow2", "-b", Path.GetFullPath(below), "-F", format, Overlay(vm, number)]);
        return (Overlay(vm, number), Node(number));
    }

    /// <summary>Makes another agent's overlay this one's too; both are the same file until the other agent removes its own.</summary>
    public async Task<(string File, string Node)> TakeUpAsync(string vm, string file)
    {
        OwnerOnly.OwnFolder(folder);
        await Tool.RunAsync("ln", ["--", file, Overlay(vm, 0)]);
        return (Overlay(vm, 0), Node(0));
    }

    /// <summary>Removes everything of a virtual machine's. What is gone is no error.</summary>
    public void Delete(string vm)
    {
        if (!Directory.Exists(folder))
            return;
        foreach (var file in Files(vm).Append(Socket(vm)).Append(Incoming(vm)))
            File.Delete(file);
    }

    /// <summary>Removes what belongs to none of these, and what only a copy needs; nothing of the untouched.</summary>
    /// <returns>What could not be removed, with the reason.</returns>
    public IReadOnlyList<string> DeleteAllBut(IReadOnlySet<string> names, IReadOnlySet<string> untouched)
    {
        var problems = new List<string>();
        foreach (var file in Directory.Exists(folder) ? Directory.GetFiles(folder) : [])
        {
            // NAME.qmp, NAME.incoming, NAME.NUMBER.qcow2
            var name = Path.GetFileNameWithoutExtension(file);
            if (file.EndsWith(Extension, StringComparison.Ordinal))
                name = Path.GetFileNameWithoutExtension(name);
            if (untouched.Contains(name) || (names.Contains(name) && !file.EndsWith(".incoming", StringComparison.Ordinal)))
                continue;
            try
            {
                File.Delete(file);
            }
            catch (Exception e) when (HostException.IsOfTheSystem(e))
            {
                problems.Add($"{file} cannot be removed: {HostException.OneLine(e)}");
            }
        }

        return problems;
    }

    /// <summary>The overlay that a running virtual machine writes to; null without a disk.</summary>
    public static async Task<(string File, string Node)?> TopAsync(QmpClient qemu, CancellationToken cancellation)
    {
        foreach (var drive in (await qemu.ExecuteAsync("query-block", null, cancellation)).EnumerateArray())
        {
            if (drive.TryGetProperty("inserted", out var inserted))
                return (inserted.GetProperty("image").GetProperty("filename").GetString()!, inserted.GetProperty("node-name").GetString()!);
        }

        return null;
    }

    /// <summary>Opens a new overlay in a running QEMU, to be put above its disk when the time comes.</summary>
    public static Task OpenAsync(QmpClient qemu, string file, string node, CancellationToken cancellation) => qemu.ExecuteAsync(
        "blockdev-add",
        new JsonObject
        {
            ["driver"] = "qcow2",
            ["node-name"] = node,
            ["discard"] = "unmap",
            ["file"] = new JsonObject { ["driver"] = "file", ["filename"] = file },
            ["backing"] = null,
        },
        cancellation);

    /// <summary>From now on the disk is closed to writing, and <paramref name="overlay"/> takes the writes.</summary>
    public static Task SnapshotAsync(QmpClient qemu, string node, string overlay, CancellationToken cancellation) => qemu.ExecuteAsync(
        "blockdev-snapshot", new JsonObject { ["node"] = node, ["overlay"] = overlay }, cancellation);

    /// <summary>
    /// Writes the overlays that clones have left above the first one back into it, while the guest runs; otherwise each clone would
    /// add a layer for good. Nobody else may lie over them.
    /// </summary>
    public async Task MergeAsync(string vm, QmpClient qemu, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(MergePatience);
        await CloseUnusedAsync(qemu, patience.Token);
        if (await TopAsync(qemu, patience.Token) is not { } top)
            return;
        if (top.File != Overlay(vm, 0))
            await CommitAsync(vm, qemu, top.Node, patience.Token);
        await CloseUnusedAsync(qemu, patience.Token);
        foreach (var file in Files(vm).Where(file => file != Overlay(vm, 0)))
            File.Delete(file);
    }

    private async Task CommitAsync(string vm, QmpClient qemu, string top, CancellationToken cancellation)
    {
        var told = qemu.Events.Count;
        var below = await NodeOfAsync(qemu, Overlay(vm, 0), cancellation);
        await qemu.ExecuteAsync(
            "block-commit", new JsonObject { ["job-id"] = "merge", ["device"] = top, ["base-node"] = below }, cancellation);
        if ((await qemu.WaitAsync(told, e => e.Name is "BLOCK_JOB_READY" or "BLOCK_JOB_COMPLETED", cancellation)).Name == "BLOCK_JOB_READY")
            await qemu.ExecuteAsync("block-job-complete", new JsonObject { ["device"] = "merge" }, cancellation);
        var end = await qemu.WaitAsync(told, e => e.Name == "BLOCK_JOB_COMPLETED", cancellation);
        if (end.Data.TryGetProperty("error", out var error))
            throw new HostException($"overlays of {vm} are not merged: {error.GetString()}");
    }

    /// <summary>Closes overlays that a clone was to put above the disk and did not, and those that were written back.</summary>
    private static async Task CloseUnusedAsync(QmpClient qemu, CancellationToken cancellation)
    {
        var nodes = await qemu.ExecuteAsync("query-named-block-nodes", new JsonObject { ["flat"] = true }, cancellation);
        var ours = nodes.EnumerateArray()
            .Select(node => node.GetProperty("node-name").GetString()!)
            .Where(name => name.StartsWith(NodePrefix, StringComparison.Ordinal));
        foreach (var name in ours)
        {
            try
            {
                await qemu.ExecuteAsync("blockdev-del", new JsonObject { ["node-name"] = name }, cancellation);
            }
            catch (HostException)
            {
                // QEMU refuses to close what the disk is made of.
            }
        }
    }

    /// <summary>Clones lie over a virtual machine's overlays, or may: of what is in quarantine that is not known.</summary>
    public static bool IsUnderneath(RunningVm original, RunningVms running) =>
        running.All.Any(vm => vm.Origin?.Command.Vm == original.Name)
            || running.Quarantined.Any(unknown => unknown.Known is not { } known || known.Origin?.Command.Vm == original.Name);

    private static async Task<string> NodeOfAsync(QmpClient qemu, string file, CancellationToken cancellation) =>
        (await qemu.ExecuteAsync("query-named-block-nodes", new JsonObject { ["flat"] = true }, cancellation)).EnumerateArray()
            .First(node => node.GetProperty("drv").GetString() == "qcow2" && node.GetProperty("file").GetString() == file)
            .GetProperty("node-name").GetString()!;

    /// <summary>One's own: what is between name and ending is a number, or they are those of another whose name begins alike.</summary>
    private string[] Files(string vm) => !Directory.Exists(folder) ? [] :
    [
        .. Directory.GetFiles(folder, $"{vm}.*{Extension}")
            .Where(file => Path.GetFileName(file)[(vm.Length + 1)..^Extension.Length] is { Length: > 0 } number
                && number.All(char.IsAsciiDigit)),
    ];

    private string Overlay(string vm, int number) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{vm}.{number}{Extension}"));

    private static string Node(int number) => string.Create(CultureInfo.InvariantCulture, $"{NodePrefix}{number}");

    private static bool IsQcow2(string file)
    {
        Span<byte> magic = stackalloc byte[4];
        using var stream = File.OpenRead(file);
        return stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual(Qcow2Magic);
    }
}
