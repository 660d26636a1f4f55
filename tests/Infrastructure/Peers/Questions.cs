using System.Net;
using System.Net.Sockets;

namespace JustRunIt.Infrastructure.Peers;

/// <summary>
/// What servers are asked to learn whether they serve: each throws until it is answered. Those of databases are beside the databases.
/// </summary>
public static class Questions
{
    private static readonly byte[] AjpProbe = [0x12, 0x34, 0, 1, 10];
    private static readonly byte[] AjpAnswer = [(byte)'A', (byte)'B', 0, 1, 9];

    /// <summary>An HTTP request.</summary>
    /// <param name="url">Of what.</param>
    /// <param name="mustSucceed">Whether only a reply of success is an answer; else one of any status is.</param>
    public static Func<CancellationToken, Task> Http(string url, bool mustSucceed = false) => async cancellation =>
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });
        using var reply = await http.GetAsync(new Uri(url), cancellation).ConfigureAwait(false);
        if (mustSucceed)
            reply.EnsureSuccessStatusCode();
    };

    /// <summary>AJP13's own probe, CPing: a container answers it with CPong.</summary>
    public static Func<CancellationToken, Task> Ajp(IPEndPoint at) => async cancellation =>
    {
        using var client = new TcpClient(at.AddressFamily);
        await client.ConnectAsync(at, cancellation).ConfigureAwait(false);
        var stream = client.GetStream();
        await stream.WriteAsync(AjpProbe, cancellation).ConfigureAwait(false);
        var answer = new byte[AjpAnswer.Length];
        await stream.ReadExactlyAsync(answer, cancellation).ConfigureAwait(false);
        if (!answer.AsSpan().SequenceEqual(AjpAnswer))
            throw new InvalidDataException($"{at} answers a probe of AJP13 with {Convert.ToHexString(answer)}");
    };
}
