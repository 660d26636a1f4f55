using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;
using JustRunIt.Hosting.Messaging;

namespace JustRunIt.HostAgent.Moving;

/// <summary>A move to this agent that Placement has ordered.</summary>
/// <param name="Request">The command to move that follows from the order.</param>
/// <param name="DataCenter">The data centre.</param>
/// <param name="Vm">The virtual machine.</param>
/// <param name="From">The host agent that it leaves.</param>
/// <param name="To">This agent's machine that it goes to.</param>
/// <param name="AnswerBy">Not begun after this time (UTC).</param>
/// <param name="IsTaken">Whether it has come: one order moves once.</param>
internal sealed record MoveOrder(
    Guid Request, string DataCenter, string Vm, string From, string To, DateTimeOffset AnswerBy, bool IsTaken = false)
{
    /// <summary>Why a virtual machine is not taken up by this order as an agent asks; null when it is.</summary>
    /// <param name="command">What it asks.</param>
    /// <param name="sender">Who asks, as the broker has checked it; null where nobody's word is checked.</param>
    /// <param name="isHere">Whether it runs here: then nothing is begun, and whoever asks has not been answered.</param>
    /// <param name="now">The time (UTC).</param>
    public string? WhyNot(ReceiveVm command, string? sender, bool isHere, DateTimeOffset now)
    {
        if (sender is not null && sender != From)
            return $"agent {Name.Shown(sender)} asks; allowed is {From}, which the order names";
        if (command.Subject != Streams.DataCenter(DataCenter))
            return $"subject: '{Name.Shown(command.Subject)}'; allowed is {Streams.DataCenter(DataCenter)}, which has ordered it";
        if (command.Vm != Vm)
            return $"vm: '{Name.Shown(command.Vm)}'; allowed is {Vm}, which the order names";
        if (command.To != To)
            return $"to: '{Name.Shown(command.To)}'; allowed is {To}, which the order names";
        // Whoever asks only where it is may ask again.
        return isHere || command.Endpoint is null ? null
            : IsTaken ? "what that order moves has come"
            : AnswerBy <= now ? Answers.Expired(AnswerBy)
            : null;
    }
}
