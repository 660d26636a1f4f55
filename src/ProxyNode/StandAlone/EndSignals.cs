using System.Runtime.InteropServices;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary>SIGINT and SIGTERM: the first ends orderly, the second at once.</summary>
internal sealed class EndSignals : IDisposable
{
    private readonly CancellationTokenSource end = new();
    private readonly CancellationTokenSource atOnce = new();
    private readonly PosixSignalRegistration[] registrations;

    public EndSignals() => registrations = [Register(PosixSignal.SIGINT), Register(PosixSignal.SIGTERM)];

    /// <summary>Told to end.</summary>
    public CancellationToken End => end.Token;

    /// <summary>Told again.</summary>
    public CancellationToken AtOnce => atOnce.Token;

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var registration in registrations)
            registration.Dispose();
        end.Dispose();
        atOnce.Dispose();
    }

    private PosixSignalRegistration Register(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        if (end.IsCancellationRequested)
            atOnce.Cancel();
        else
            end.Cancel();
    });
}
