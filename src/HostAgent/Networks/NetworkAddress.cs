using System.Net;
using System.Net.Sockets;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Naming;
using JustRunIt.HostAgent.Machines;
using JustRunIt.Hosting;

namespace JustRunIt.HostAgent.Networks;

/// <summary>
/// Addresses of commands on their way into the kernel's rules: what is written there is a number that was read, never the text that
/// came.
/// </summary>
internal static class NetworkAddress
{
    /// <summary>What is allowed, for complaints.</summary>
    public const string Allowed = "an IPv4 address of one host, or a name that has one, and a port, such as 127.0.0.1:8080";

    /// <summary>Reads an address; a name is looked up.</summary>
    /// <param name="field">The command's field, for complaints.</param>
    /// <param name="text">Its text; null for no address.</param>
    /// <exception cref="HostException">It is no address of IPv4, with the field, its value, and what is allowed.</exception>
    public static async Task<Endpoint?> ReadAsync(string field, string? text) =>
        text is null ? null : await ReadAsync(field, text, mayBeOpen: false);

    /// <summary>
    /// Where a program is reached, and where it finds its next tier. What runs since before may be reached at every address: a new one is
    /// refused that at its start (<see cref="Listeners"/>).
    /// </summary>
    /// <exception cref="HostException">One of both is no address of IPv4.</exception>
    public static async Task<(Endpoint Listen, Endpoint? Next)> OfAsync(VmProgram program) =>
        (await RequireAsync("listen", program.Listen), await ReadAsync("next", program.Next));

    /// <summary>Where something is reached, as <see cref="OfAsync"/> has it.</summary>
    /// <exception cref="HostException">It is no address of IPv4.</exception>
    public static Task<Endpoint> RequireAsync(string field, string text) => ReadAsync(field, text, mayBeOpen: true);

    private static async Task<Endpoint> ReadAsync(string field, string text, bool mayBeOpen)
    {
        if (!Endpoint.TryParse(text, EndpointKinds.HostName, out var endpoint))
            throw Refused(field, text);
        if (endpoint.Ip is { } ip)
        {
            return ip.AddressFamily == AddressFamily.InterNetwork && (mayBeOpen || !endpoint.IsOpen)
                ? endpoint
                : throw Refused(field, text);
        }

        try
        {
            var found = await Dns.GetHostAddressesAsync(endpoint.Host, AddressFamily.InterNetwork);
            return found is [var first, ..] ? endpoint.WithHost(first) : throw Refused(field, text);
        }
        catch (SocketException)
        {
            throw Refused(field, text);
        }
    }

    private static HostException Refused(string field, string text) => new($"{field}: '{Name.Shown(text)}'; allowed is {Allowed}");
}
