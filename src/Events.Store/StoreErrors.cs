using System.Security.Authentication;
using System.Security.Cryptography;
using JasperFx;
using JasperFx.Events;
using JustRunIt.Hosting.Messaging;
using Npgsql;

namespace JustRunIt.Events.Store;

/// <summary>What the errors of PostgreSQL and Marten mean.</summary>
internal static class StoreErrors
{
    private const string IdleInTransactionTimeout = "25P03";
    private const string IdleSessionTimeout = "57P05";

    /// <summary>An outage is waited out; a lost race for a stream is run again.</summary>
    public static RetryRules Retries { get; } = new(IsAway, IsConflict);

    /// <summary>Why the database refuses us, if that is what an exception says.</summary>
    public static string? Refusal(Exception e) => e switch
    {
        // Classes 28 and 3D: invalid authorization, invalid catalogue name (PostgreSQL manual, appendix A).
        PostgresException { SqlState: ['2', '8', ..] or ['3', 'D', ..] } => e.Message,
        _ when Chain(e).FirstOrDefault(cause => cause is AuthenticationException or CryptographicException) is { } tls =>
            $"TLS (SSL Mode, Root Certificate, SSL Certificate, SSL Key): {tls.Message}",
        _ => null,
    };

    /// <summary>Whether an exception says that the database does not answer, or not yet.</summary>
    public static bool IsAway(Exception e) => Chain(e).Any(cause => cause switch
    {
        // A standby that has not been promoted yet; a connection that was ended because it stood still.
        PostgresException
        {
            SqlState: PostgresErrorCodes.ReadOnlySqlTransaction
                or IdleInTransactionTimeout
                or IdleSessionTimeout
        } => true,
        NpgsqlException { IsTransient: true } => !IsConflict(cause),
        _ => false,
    });

    /// <summary>A stream or document that has changed meanwhile, or transactions that waited for each other.</summary>
    private static bool IsConflict(Exception e) => Chain(e).Any(cause =>
        cause is ConcurrencyException
            or EventStreamUnexpectedMaxEventIdException
            or ExistingStreamIdCollisionException
            or Marten.Exceptions.ExistingStreamIdCollisionException
            or PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure });

    /// <summary>An exception and what caused it: Marten wraps the errors of the driver.</summary>
    private static IEnumerable<Exception> Chain(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
            yield return e;
    }
}
