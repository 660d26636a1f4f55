using JustRunIt.Events.Store.Configuration;
using Microsoft.Extensions.Logging;
using Npgsql;
using RabbitMQ.Client.Exceptions;

namespace JustRunIt.Events.Store.Hosting;

/// <summary>
/// The first contact with a server. One that does not answer may still be starting: it is waited for, and said so. One that
/// refuses us (password, database, virtual host) will not change its mind: that is a wrong configuration.
/// </summary>
internal static partial class Reaching
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private const int AttemptsBetweenWarnings = 15;

    /// <summary>Runs <paramref name="contact"/> until it succeeds.</summary>
    /// <exception cref="ConfigurationException">The server refuses us.</exception>
    public static async Task WaitAsync(string server, string variable, Func<Task> contact, ILogger logger, CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await contact().ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (Refusal(e) is { } refusal)
            {
                throw new ConfigurationException($"environment: {variable}: {server} refuses: {refusal}");
            }
            catch (Exception e) when (e is BrokerUnreachableException or NpgsqlException { IsTransient: true })
            {
                if (attempt % AttemptsBetweenWarnings == 0)
                    Log.Waiting(logger, server, e.GetBaseException().Message);
                await Task.Delay(Pause, cancellation).ConfigureAwait(false);
            }
        }
    }

    private static string? Refusal(Exception e) => e switch
    {
        BrokerUnreachableException { InnerException: AuthenticationFailureException or OperationInterruptedException } => e.InnerException.Message,
        AuthenticationFailureException or OperationInterruptedException { ShutdownReason.ReplyCode: 530 or 403 } => e.Message,
        // Classes 28 and 3D: invalid authorization, invalid catalogue name (PostgreSQL manual, appendix A).
        PostgresException { SqlState: ['2', '8', ..] or ['3', 'D', ..] } => e.Message,
        _ => null,
    };

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "waiting for {Server}: {Reason}")]
        public static partial void Waiting(ILogger logger, string server, string reason);
    }
}
