using System.Globalization;
using JustRunIt.Hosting;

namespace JustRunIt.Client.Supervision;

/// <summary>Ports of the loopback address that nobody listens on.</summary>
public sealed class Ports
{
    private readonly HashSet<int> given = [];

    /// <summary>The next free address, never the same twice.</summary>
    public string Next()
    {
        while (true)
        {
            var port = FreePort.Find();
            if (given.Add(port))
                return string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        }
    }
}
