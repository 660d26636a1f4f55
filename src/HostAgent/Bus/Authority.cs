using JustRunIt.Events.Messaging;
using JustRunIt.HostAgent.Machines;

namespace JustRunIt.HostAgent.Bus;

/// <summary>
/// For whom a command is given decides what it may touch: that of an exploration, or of an operator, its own clones; that of a placement
/// what is on-line. That the sender may speak for it was looked at before (<see cref="Events.Authority.Speaker"/>).
/// </summary>
internal static class Authority
{
    /// <summary>Refuses a command for what is somebody else's.</summary>
    /// <param name="host">What runs.</param>
    /// <param name="vm">What the command is for.</param>
    /// <param name="subject">For whom it is given.</param>
    /// <exception cref="HostException">It is not for whoever gives it.</exception>
    public static void Check(VmHost host, string vm, string subject)
    {
        if (host.List().FirstOrDefault(present => present.Name == vm) is not { } present)
            return;
        var isPlacement = Streams.IsDataCenter(subject, out _);
        if (present.Origin is { } origin ? origin.Command.Subject != subject : !isPlacement)
        {
            throw new HostException(present.Origin is null
                ? $"subject: '{subject}'; {vm} is on-line, and only a placement may command it"
                : $"subject: '{subject}'; {vm} is a clone for '{present.Origin.Command.Subject}'");
        }
    }
}
