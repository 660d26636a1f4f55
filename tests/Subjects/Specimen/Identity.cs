using System.Net;
using System.Net.NetworkInformation;

namespace JustRunIt.Specimen;

/// <summary>Where the server believes to be.</summary>
/// <param name="Host">Host name.</param>
/// <param name="Listen">Address that it is bound to.</param>
/// <param name="Addresses">Addresses of its devices.</param>
/// <param name="Macs">MAC addresses of its devices.</param>
/// <param name="ProcessId">Its own process id.</param>
/// <param name="Now">Its clock, UTC.</param>
internal sealed record Identity(
    string Host, string Listen, IReadOnlyList<string> Addresses, IReadOnlyList<string> Macs, int ProcessId, DateTime Now)
{
    /// <summary>This server's, asked of the system anew.</summary>
    public static Identity OfThis(IPEndPoint listen)
    {
        var devices = NetworkInterface
            .GetAllNetworkInterfaces()
            .Where(device => device.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .ToList();
        return new Identity(
            File.ReadAllText("/proc/sys/kernel/hostname").Trim(),
            listen.ToString(),
            [.. devices
                .SelectMany(device => device.GetIPProperties().UnicastAddresses)
                .Select(address => address.Address)
                .Where(address => !address.IsIPv6LinkLocal)
                .Select(address => address.ToString())],
            [.. devices.Select(device => device.GetPhysicalAddress().ToString())],
            Environment.ProcessId,
            DateTime.UtcNow);
    }
}
