using JustRunIt.Hosting.Configuration;
using Microsoft.Extensions.Logging;

namespace JustRunIt.Hosting;

/// <summary>
/// The first contact with a server. One that does not answer may still be starting: it is waited for, and said so. One that
/// refuses us (password, database, virtual host) will not change its mind: that is a wrong configuration.
/// </summary>
/// <param name="Server">Which server, with its address and no password.</param>
/// <param name="Variable">The environment variable that has its address.</param>
/// <param name="Refusal">Why the server refuses us, if that is what an exception says; else null.</param>
/// <param name="IsAway">Whether an exception says that nobody answers yet.</param>
public sealed partial record FirstContact(string Server, string Variable, Func<Exception, string?> Refusal, Func<Exception, bool> IsAway)
{
    private const int AttemptsBetweenWarnings = 15;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Runs <paramref name="contact"/> until it succeeds.</summary>
    /// <exception cref="ConfigurationException">The server refuses us.</exception>
    public async Task MakeAsync(Func<Task> contact, ILogger logger, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(contact);
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await contact().ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (Refusal(e) is { } refusal)
            {
                throw new ConfigurationException($"environment: {Variable}: {Server} refuses: {refusal}");
            }
            catch (Exception e) when (IsAway(e))
            {
                if (attempt % AttemptsBetweenWarnings == 0)
                    Log.Waiting(logger, Server, e.GetBaseException().Message);
                await Task.Delay(Pause, cancellation).ConfigureAwait(false);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "waiting for {Server}: {Reason}")]
        public static partial void Waiting(ILogger logger, string server, string reason);
    }
}
