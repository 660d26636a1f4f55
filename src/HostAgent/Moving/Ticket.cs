using System.Security.Cryptography;

namespace JustRunIt.HostAgent.Moving;

/// <summary>The first bytes of a receiver's connection: the sender's own number, which only the bus has told.</summary>
internal static class Ticket
{
    private const int Bytes = 16;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Says it.</summary>
    public static Task SayAsync(Stream connection, Guid ticket, CancellationToken cancellation) =>
        connection.WriteAsync(ticket.ToByteArray(), cancellation).AsTask();

    /// <summary>Whether it is said.</summary>
    public static async Task<bool> IsSaidAsync(Stream connection, Guid ticket, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        var said = new byte[Bytes];
        try
        {
            await connection.ReadExactlyAsync(said, patience.Token);
            return CryptographicOperations.FixedTimeEquals(said, ticket.ToByteArray());
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return false;
        }
    }
}
