namespace JustRunIt.Hosting;

/// <summary>What an address may be where it is read.</summary>
[Flags]
public enum EndpointKinds
{
    /// <summary>IP:PORT, with a port from 1 to 65535; an IPv6 address stands in brackets.</summary>
    Address = 0,

    /// <summary>A name instead of the IP address too, which is looked up when it is connected to.</summary>
    HostName = 1,

    /// <summary>Port 0 too: to listen on, where the system chooses.</summary>
    AnyPort = 2,

    /// <summary><c>unix:PATH</c> too: a socket on this machine (unix(7)).</summary>
    Unix = 4,
}
