using System.Diagnostics;
using System.Globalization;
using JustRunIt.HostAgent.Files;
using JustRunIt.HostAgent.Processes;
using JustRunIt.Hosting.Files;

namespace JustRunIt.HostAgent.VirtualMachines;

/// <summary>What runs a guest's instructions.</summary>
/// <param name="Name">As QEMU calls it: <c>kvm</c> or <c>tcg</c>.</param>
/// <param name="Why">Why it is this one, for people.</param>
internal sealed record Accelerator(string Name, string Why)
{
    /// <summary>KVM is there on some machines, but starts no guest (a nested one without hardware virtualization): it is tried.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // The port of QEMU's isa-debug-exit, and what a boot sector writes there: QEMU ends with twice that and one.
    private const int ExitPort = 0x501;
    private const byte ExitValue = 0x10;
    private const int ExitCode = (ExitValue << 1) | 1;
    private const int SectorBytes = 512;

    /// <summary>The first version whose emulation notices all writes.</summary>
    public const int FirstToNotice = 9;

    /// <summary>
    /// Whether all is noticed that a guest writes while its memory is copied. Emulation misses some of it before version 9.0
    /// ("physmem: Fix migration dirty bitmap coherency with TCG memory access").
    /// </summary>
    public bool NoticesWrites { get; init; } = true;

    /// <summary>Whether the guest runs on the processor itself, at full speed.</summary>
    public bool IsHardware => Name == "kvm";

    /// <summary>The processor that guests see: the host's own where they run on it.</summary>
    public IReadOnlyList<string> Cpu => CpuArguments(Name);

    /// <summary>KVM where a guest truly boots with it, else emulation, with the reason.</summary>
    public static async Task<Accelerator> ProbeAsync(CancellationToken cancellation)
    {
        const string device = "/dev/kvm";
        if (!File.Exists(device))
            return await EmulationAsync(
                $"there is no {device}: no hardware virtualization, switched off in the firmware, or the module kvm is not loaded");
        try
        {
            await using var opened = new FileStream(device, FileMode.Open, FileAccess.ReadWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return await EmulationAsync($"{device} cannot be opened: {e.Message}");
        }

        return await BootsAsync("kvm", cancellation) is { } problem
            ? await EmulationAsync($"{device} is there, but {problem}")
            : new Accelerator("kvm", "a guest boots with it");
    }

    /// <summary>Boots one sector that ends at once; null when it did, else what happened.</summary>
    internal static async Task<string?> BootsAsync(string accelerator, CancellationToken cancellation)
    {
        var sector = Path.GetTempFileName();
        try
        {
            await using (var file = OwnerOnly.Open(sector, FileMode.Create))
                await file.WriteAsync(BootSector(), cancellation);
            var start = new ProcessStartInfo(QemuCommand.Program) { RedirectStandardError = true, RedirectStandardOutput = true };
            var device = string.Create(CultureInfo.InvariantCulture, $"isa-debug-exit,iobase={ExitPort},iosize=1");
            string[] arguments =
            [
                "-accel", accelerator, "-M", "pc", .. CpuArguments(accelerator), "-m", "8",
                "-nodefaults", "-no-user-config", "-display", "none",
                "-device", device, "-drive", $"file={sector},format=raw,if=ide",
            ];
            foreach (var argument in arguments)
                start.ArgumentList.Add(argument);
            using var process = Process.Start(start)!;
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(Patience);
            var error = BoundedText.ReadAsync(process.StandardError.BaseStream, BoundedText.ErrorBytes, CancellationToken.None);
            var output = BoundedText.ReadAsync(process.StandardOutput.BaseStream, 0, CancellationToken.None);
            try
            {
                await process.WaitForExitAsync(patience.Token);
                await output;
            }
            catch (OperationCanceledException)
            {
                process.Kill();
                await process.WaitForExitAsync(CancellationToken.None);
                cancellation.ThrowIfCancellationRequested();
                return $"no guest boots with it within {Patience.TotalSeconds:0} s";
            }

            return process.ExitCode == ExitCode ? null : $"QEMU ends with {process.ExitCode}: {(await error).Text.Trim().Split('\n')[^1]}";
        }
        finally
        {
            File.Delete(sector);
        }
    }

    private static string[] CpuArguments(string accelerator) => accelerator == "kvm" ? ["-cpu", "host"] : [];

    private static async Task<Accelerator> EmulationAsync(string why)
    {
        // QEMU emulator version 7.2.22 (...)
        const string mark = "version ";
        var told = await Tool.RunAsync(QemuCommand.Program, "--version");
        var version = told[(told.IndexOf(mark, StringComparison.Ordinal) + mark.Length)..].Split('.')[0];
        var notices = int.TryParse(version, CultureInfo.InvariantCulture, out var major) && major >= FirstToNotice;
        return new Accelerator("tcg", why) { NoticesWrites = notices };
    }

    /// <summary>mov dx, port; mov al, value; out dx, al; hlt; with the mark of a boot sector at its end.</summary>
    private static byte[] BootSector()
    {
        var sector = new byte[SectorBytes];
        new byte[] { 0xba, ExitPort & 0xff, ExitPort >> 8, 0xb0, ExitValue, 0xee, 0xf4 }.CopyTo(sector, 0);
        (sector[^2], sector[^1]) = (0x55, 0xaa);
        return sector;
    }
}
