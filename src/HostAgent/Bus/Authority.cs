using JustRunIt.Events.Messaging;
using JustRunIt.HostAgent.Machines;

namespace JustRunIt.HostAgent.Bus;

/// <summary>
/// For whom a command is given decides what it may touch: that of an exploration, or of an operator, its own clones; that of a placement
/// what is on-line. That the sender may speak for it was looked at before (<see cref="Events.Authority.Speaker"/>).
/// </summary>
internal static class Authority
{
    /// <summary>
    /// Refuses a command for what is somebody else's. Looked at where nothing else can be done with it: what is still being made when the
    /// command comes is nobody's yet, and somebody's when the command's turn has come.
    /// </summary>
    /// <param name="present">What the command is for.</param>
    /// <param name="subject">For whom it is given.</param>
    /// <exception cref="HostException">It is not for whoever gives it.</exception>
    public static void Check(RunningVm present, string subject)
    {
        var isPlacement = Streams.IsDataCenter(subject, out _);
        if (present.Origin is { } origin ? origin.Command.Subject != subject : !isPlacement)
        {
            throw present.Origin is { } of
                ? Others(present.Name, subject, of.Command.Subject)
                : new HostException($"subject: '{subject}'; {present.Name} is on-line, and only a placement may command it");
        }
    }

    /// <summary>What somebody is told who commands another's clone.</summary>
    public static HostException Others(string clone, string subject, string whose) =>
        new($"subject: '{subject}'; {clone} is a clone for '{whose}'");
}
