using System.Diagnostics;
using System.Net.Sockets;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Relaying;

/// <summary>What all connections of one relay have in common.</summary>
/// <param name="Upstream">Where the server is.</param>
/// <param name="Roll">Where they are listed.</param>
/// <param name="Times">Takes the response times; null: nobody does.</param>
internal sealed record RelayContext(Upstream Upstream, ConnectionRoll Roll, ResponseTimes? Times)
{
    /// <summary>How long is waited for a descriptor that becomes free.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(50);

    /// <summary>Time.</summary>
    public TimeProvider Clock => Roll.Clock;

    /// <summary>Connects to the server. Where descriptors are short, a connection that idles gives way, or it is waited a little.</summary>
    /// <exception cref="SocketException">
    /// It does not answer, or refuses; or there is no descriptor (<see cref="Descriptors.IsShortage"/>).
    /// </exception>
    public async ValueTask<LoopSocket> ConnectAsync(EventLoop loop, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        for (var pause = TimeSpan.FromMilliseconds(1); ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            if (Descriptors.HasRoom || IdleConnections.TryShed())
            {
                try
                {
                    return await ServerSocket.ConnectAsync(Upstream.EndPoint, loop, stop).ConfigureAwait(false);
                }
                catch (SocketException e) when (Descriptors.IsShortage(e) && Stopwatch.GetElapsedTime(began) < Patience)
                {
                    Roll.CountShortage();
                    Descriptors.CountOthers();
                    if (IdleConnections.TryShed())
                        continue;
                }
            }
            else if (Stopwatch.GetElapsedTime(began) >= Patience)
            {
                throw new SocketException((int)SocketError.TooManyOpenSockets);
            }

            await Task.Delay(pause, stop).ConfigureAwait(false);
        }
    }
}
