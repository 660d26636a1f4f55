using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.Power;

/// <summary>
/// A management processor that speaks IPMI with the DCMI extension, asked through ipmitool: the machine's own without a host
/// name, else over the network (RMCP+). The password stays in its file.
/// </summary>
internal sealed class DcmiMeter : IPowerMeter
{
    private const string Tool = "ipmitool";
    private readonly IpmiSettings settings;

    private DcmiMeter(IpmiSettings settings) => this.settings = settings;

    /// <inheritdoc />
    public string Description => settings.Host is { } host ? $"ipmi ({host})" : "ipmi";

    /// <inheritdoc />
    public bool Estimated => false;

    /// <summary>A meter; nothing is asked yet.</summary>
    /// <exception cref="PowerMeterException">ipmitool is missing.</exception>
    public static DcmiMeter Open(IpmiSettings settings) => Launcher.FindExecutable(Tool) is null
        ? throw new PowerMeterException($"{Tool} is missing; install the package {Tool}")
        : new DcmiMeter(settings);

    /// <inheritdoc />
    public async Task<Watts?> ReadAsync(CancellationToken cancellation)
    {
        try
        {
            var arguments = settings.Host is { } host
                ? $"-I lanplus -H {host} -p {settings.Port} -U {settings.User} -f \"{settings.PasswordFile}\" dcmi power reading"
                : "dcmi power reading";
            return DcmiReading.Parse(await Processes.Tool.RunAsync(Tool, arguments));
        }
        catch (HostException e)
        {
            throw new PowerMeterException(e.Message);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        // Each reading is a process of its own.
    }
}
