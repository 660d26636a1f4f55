using JustRunIt.Events;
using JustRunIt.Events.Messaging;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.HostAgent.Bus;

/// <summary>
/// Every command gets exactly one answer: what became of it, or why nothing did. One that was answered before gets that answer again,
/// and one that is delivered twice at once is carried out once.
/// </summary>
internal sealed class CommandDesk(AgentSettings settings, AnswerBook book, TimeProvider clock)
{
    private readonly NameLocks requests = new();

    /// <summary>Carries a command out and answers it.</summary>
    /// <param name="context">Its delivery.</param>
    /// <param name="act">Carries it out; null when somebody else answers it.</param>
    /// <param name="refuse">The answer when that fails; null for the one that <see cref="Refusals"/> has.</param>
    /// <param name="reason">One line for an exception.</param>
    public async Task AnswerAsync<TCommand>(
        ConsumeContext<TCommand> context,
        Func<Task<IReport?>> act,
        Func<Exception, string> reason,
        Func<Exception, string, IReport>? refuse = null)
        where TCommand : class, IAgentCommand, IAnsweredCommand
    {
        var command = context.Message;
        using var alone = await requests.TakeAsync(
            $"{typeof(TCommand).Name} {command.RequestId:N} {AnswerBook.SubjectOf(command)}", context.CancellationToken);
        var answer = book.Find(command);
        if (answer is null)
        {
            try
            {
                if (command.Agent != settings.Agent)
                    throw new HostException($"agent: '{command.Agent}'; this queue is that of agent {settings.Agent}");
                // One that is delivered again may have been carried out: whoever does it looks for that first, and then at the time.
                if (!context.ReceiveContext.Redelivered)
                    Expiry.Check(command, clock);
                answer = await act();
            }
            catch (Exception e) when (Answer.Is(e, context.CancellationToken))
            {
                var words = reason(e);
                answer = refuse?.Invoke(e, words) ?? Refusals.Of(command, settings.Agent, words, clock.GetUtcNow());
            }

            if (answer is not null)
                book.Note(command, answer);
        }

        if (answer is not null)
            await Answers.PublishAsync(context, command.RequestId, answer, context.CancellationToken);
    }
}
