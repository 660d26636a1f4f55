using JustRunIt.HostAgent.BackEnds;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>The back end that serves, and why it is this one.</summary>
internal sealed record ChosenBackEnd(IBackEndKind BackEnd, string Why);

/// <summary>Says at the start which back end serves and why.</summary>
internal sealed partial class BackEndNote(ChosenBackEnd chosen, ILogger<BackEndNote> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Note(logger, chosen.BackEnd.Name, chosen.BackEnd.Clones, chosen.Why);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(EventId = 1201, Level = LogLevel.Information, Message = "Back end: {Name}; clones are {Clones}; {Why}")]
    private static partial void Note(ILogger logger, string name, string clones, string why);
}
