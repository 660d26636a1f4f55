using System.Net.Sockets;
using JustRunIt.Hosting;

namespace JustRunIt.HostAgent.Machines;

/// <summary>Waits until a program that was just started serves.</summary>
internal static class HealthCheck
{
    /// <summary>For what boots: it may have little CPU, and its neighbours boot too.</summary>
    private static readonly TimeSpan BootPatience = TimeSpan.FromMinutes(3);

    /// <summary>For a clone.</summary>
    public static readonly TimeSpan ClonePatience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private static readonly HttpClient Http = new(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromSeconds(1),
        PooledConnectionLifetime = TimeSpan.Zero,
        UseProxy = false,
        ActivityHeadersPropagator = null,
    });

    /// <summary>Waits for a reply with status 200 to <paramref name="path"/>, or, without one, for an accepted connection.</summary>
    /// <exception cref="HostException">The program ended, or was not healthy in time.</exception>
    public static async Task WaitAsync(
        string endpoint, string? path, Func<string?> ended, CancellationToken cancellation, TimeSpan? atMost = null)
    {
        var limit = atMost ?? BootPatience;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(limit);
        var last = "no answer";
        while (true)
        {
            if (ended() is { } reason)
                throw new HostException($"the program ended before it was healthy: {reason}");
            try
            {
                if (path is null)
                {
                    using var client = new TcpClient();
                    var address = Endpoint.Parse(endpoint, EndpointKinds.HostName);
                    await client.ConnectAsync(address.Host, address.Port, patience.Token);
                    return;
                }

                // Its status is all that counts: a body without an end must not be waited for, or kept.
                using var reply = await Http.GetAsync(
                    $"http://{endpoint}{path}", HttpCompletionOption.ResponseHeadersRead, patience.Token);
                if (reply.IsSuccessStatusCode)
                    return;
                last = $"status {(int)reply.StatusCode}";
            }
            catch (Exception e) when (e is HttpRequestException or SocketException)
            {
                last = e.Message;
            }
            catch (OperationCanceledException) when (!patience.IsCancellationRequested)
            {
                last = "no connection within a second";
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw new HostException($"not healthy at {endpoint}{path} within {limit.TotalSeconds:0} s: {last}");
            }

            await Task.Delay(Interval, cancellation);
        }
    }
}
