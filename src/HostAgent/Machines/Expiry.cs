using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Messaging;

namespace JustRunIt.HostAgent.Machines;

/// <summary>Commands are not carried out after they have expired; one that has waited for others is looked at once more.</summary>
internal static class Expiry
{
    /// <summary>Refuses a command that has expired; null is none, and does not.</summary>
    /// <exception cref="HostException">It has.</exception>
    public static void Check(IAnsweredCommand? command, TimeProvider clock)
    {
        if (command?.ExpiresAt is { } end && end <= clock.GetUtcNow())
            throw new HostException(Answers.Expired(end));
    }
}
