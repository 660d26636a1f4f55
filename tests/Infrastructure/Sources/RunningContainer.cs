using System.Net;
using DotNet.Testcontainers.Containers;

namespace JustRunIt.Infrastructure.Sources;

/// <summary>A container, until it is disposed or the process ends.</summary>
public sealed class RunningContainer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly IContainer container;

    internal RunningContainer(IContainer container)
    {
        this.container = container;
        AppDomain.CurrentDomain.ProcessExit += Remove;
    }

    /// <summary>Where its server is reached.</summary>
    public IPEndPoint EndPoint { get; internal set; } = null!;

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= Remove;
        await container.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Servers of the whole process have nobody else to end them where the engine's own helper for that is switched off.</summary>
    private void Remove(object? sender, EventArgs arguments) => container.DisposeAsync().AsTask().Wait(Patience);
}
