using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Machines;

namespace JustRunIt.HostAgent.VirtualMachines;

/// <summary>
/// What a virtual machine boots. The program's executable is a kernel, and its arguments are the kernel's command line, of which
/// <c>initrd=FILE</c> names the initial RAM disk, as boot loaders have it. Its environment is added to the command line, from
/// where the kernel hands it to the first process. Its image is a disk (qcow2 or raw), the first virtio disk; without a kernel
/// (executable <c>disk</c>) it boots by itself.
/// </summary>
/// <param name="Kernel">Path of the kernel; null to boot the disk.</param>
/// <param name="InitialRamDisk">Path of the initial RAM disk; null for none.</param>
/// <param name="CommandLine">The kernel's command line.</param>
/// <param name="HasEnvironment">Whether a program's environment is in it, which nobody must read in a list of processes.</param>
/// <param name="Disk">Path of the disk's image, which is never written to; null for none.</param>
internal sealed record Guest(string? Kernel, string? InitialRamDisk, string CommandLine, bool HasEnvironment, string? Disk)
{
    private const string BootsItsDisk = "disk";
    private const string InitialRamDiskKey = "initrd=";

    /// <summary>Reads it from a program.</summary>
    /// <exception cref="HostException">A file is not there, or there is nothing to boot; the message names the field.</exception>
    public static Guest Of(VmProgram program)
    {
        var kernel = program.Executable == BootsItsDisk ? null : Existing(program.Executable, "executable");
        if (kernel is null && program.Image is null)
            throw new HostException($"image: missing; executable '{BootsItsDisk}' boots it");
        var initialRamDisk = program.Arguments.FirstOrDefault(word => word.StartsWith(InitialRamDiskKey, StringComparison.Ordinal));
        return new Guest(
            kernel,
            initialRamDisk is null ? null : Existing(initialRamDisk[InitialRamDiskKey.Length..], "arguments: initrd"),
            string.Join(' ', [
                .. program.Arguments.Where(word => word != initialRamDisk),
                .. program.Environment.Select(variable => $"{variable.Key}={Word(variable)}"),
                // The kernel would write its command line to the console, and that is a log.
                .. program.Environment.Count > 0 ? new[] { "quiet" } : [],
            ]),
            HasEnvironment: program.Environment.Count > 0,
            program.Image is { } image ? Existing(image, "image") : null);
    }

    // A command line has no way to quote a space for the first process.
    private static string Word(KeyValuePair<string, string> variable) => variable.Value.Any(c => char.IsWhiteSpace(c) || c == '"')
        ? throw new HostException($"environment: {variable.Key}: its value; allowed is one without spaces and double quotes")
        : variable.Value;

    private static string Existing(string file, string field) =>
        File.Exists(file) ? file : throw new HostException($"{field}: '{file}' is not there");
}
