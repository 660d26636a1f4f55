using System.Text.Json;

namespace JustRunIt.HostAgent.VirtualMachines;

/// <summary>Something that QEMU tells unasked.</summary>
/// <param name="Name">Such as <c>STOP</c>.</param>
/// <param name="Data">What it says; undefined for nothing.</param>
/// <param name="At">When, by the host's clock (UTC).</param>
internal sealed record QmpEvent(string Name, JsonElement Data, DateTimeOffset At)
{
    /// <summary>The status that a MIGRATION event tells; null for another event.</summary>
    public string? MigrationStatus => Name == "MIGRATION" ? Data.GetProperty("status").GetString() : null;
}
