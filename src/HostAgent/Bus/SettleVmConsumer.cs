using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Takes up or ends what is in quarantine, as an operator says; told again, it says what it said.</summary>
internal sealed class SettleVmConsumer(VmHost host, AgentSettings settings, AnswerBook book, ILogger<SettleVmConsumer> logger)
    : IConsumer<SettleVm>
{
    public async Task Consume(ConsumeContext<SettleVm> context)
    {
        var command = context.Message;
        var answer = book.Find(command);
        if (answer is null)
        {
            try
            {
                await (command.Adopt ? AdoptAsync(command, context) : EndAsync(command, context));
                answer = new VmSettled(command.RequestId, settings.Agent, command.Vm, command.Adopt, Refused: null);
            }
            catch (Exception e) when (Answer.Is(e, context.CancellationToken))
            {
                answer = new VmSettled(command.RequestId, settings.Agent, command.Vm, Adopted: false, Answer.Reason(e, logger));
            }

            book.Note(command, answer);
        }

        await context.Publish((object)answer, answer.GetType());
    }

    private async Task AdoptAsync(SettleVm command, ConsumeContext context)
    {
        // An agent before this one may have taken it up, and not have come to say so.
        var vm = host.Quarantined.All(unknown => unknown.Name != command.Vm)
            && host.List().FirstOrDefault(present => present.Name == command.Vm && present.Origin is null) is { } known
                ? known
                : await host.AdoptAsync(command.Vm, context.CancellationToken);
        AgentLog.Started(logger, vm.Name, vm.Machine, vm.Endpoint);
        await context.Publish(Allocations.Started(settings, vm));
    }

    private async Task EndAsync(SettleVm command, ConsumeContext context)
    {
        var exit = await host.EndQuarantinedAsync(command.Vm, context.CancellationToken);
        AgentLog.Exited(logger, command.Vm, "on command; it was in quarantine");
        if (exit is null)
            return;
        await context.Publish(
            Reports.Exited(settings, exit.Vm, exit.Reason),
            Pipe.Execute<PublishContext>(sent => sent.MessageId = exit.MessageId),
            context.CancellationToken);
        host.Told(exit);
    }
}
