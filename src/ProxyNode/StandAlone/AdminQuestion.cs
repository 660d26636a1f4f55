using System.CommandLine;
using System.Net;
using System.Text.Json;
using JustRunIt.Hosting;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary>What the commands have in common that ask a running proxy for something and write its answer.</summary>
internal static class AdminQuestion
{
    private const int Failed = 1;
    private const int BadInput = 2;

    /// <summary>The option for a file with the token.</summary>
    public static Option<string?> Token() => new("--admin-token")
    {
        Description = "file with the proxy's token, where it is not this user's own",
        HelpName = "FILE",
    };

    /// <summary>The option for where the proxy is asked.</summary>
    /// <param name="name">Of the option.</param>
    public static Option<string?> Admin(string name) => new(name)
    {
        Description = "the proxy's --admin address",
        HelpName = "HOST:PORT|unix:PATH",
        Required = true,
    };

    /// <summary>Asks, and writes the answer, or in one line why there is none.</summary>
    /// <param name="admin">Where it is asked.</param>
    /// <param name="token">File with the token; see <see cref="AdminClient.AskAsync"/>.</param>
    /// <param name="method">How.</param>
    /// <param name="what">For what.</param>
    /// <param name="shown">What of the answer is written.</param>
    /// <param name="end">Gives up.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> AskAsync(
        Endpoint admin, string? token, HttpMethod method, string what, Func<string, string> shown, CancellationToken end)
    {
        try
        {
            using var reply = await AdminClient.AskAsync(admin, token, method, what, end);
            var text = await reply.Content.ReadAsStringAsync(end);
            if (reply.IsSuccessStatusCode)
            {
                await Console.Out.WriteAsync(shown(text));
                return 0;
            }

            // What the proxy has to say of a file of the user's is whole by itself.
            await Console.Error.WriteLineAsync(
                reply.StatusCode == HttpStatusCode.UnprocessableEntity
                    ? text.Trim()
                    : $"{admin} refuses ({(int)reply.StatusCode}): {text.Trim()}");
            return reply.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.UnprocessableEntity
                ? BadInput
                : Failed;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException)
        {
            await Console.Error.WriteLineAsync($"{admin} does not answer ({e.Message})");
            return Failed;
        }
    }
}
