using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Hypervisors;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.Power;

/// <summary>
/// A management processor that speaks IPMI with the DCMI extension, asked through ipmitool: the machine's own without a host
/// name, else over the network (RMCP+). The password stays in its file.
/// </summary>
internal sealed class DcmiMeter(IpmiSettings settings) : IPowerMeter
{
    /// <inheritdoc />
    public string Description => settings.Host is { } host ? $"ipmi ({host})" : "ipmi";

    /// <inheritdoc />
    public bool Estimated => false;

    /// <inheritdoc />
    public async Task<Watts?> ReadAsync(CancellationToken cancellation)
    {
        try
        {
            var arguments = settings.Host is { } host
                ? $"-I lanplus -H {host} -p {settings.Port} -U {settings.User} -f \"{settings.PasswordFile}\" dcmi power reading"
                : "dcmi power reading";
            return DcmiReading.Parse(await Tool.RunAsync("ipmitool", arguments));
        }
        catch (HypervisorException e)
        {
            throw new PowerMeterException(e.Message.Replace("iproute2 and nftables", "ipmitool", StringComparison.Ordinal));
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        // Each reading is a process of its own.
    }
}
