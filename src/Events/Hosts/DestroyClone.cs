using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Hosts;

/// <summary>
/// Destroy a clone and everything that was made for it. One that is being made is given up; one that is gone, or was never made, is no
/// error. Answered by <see cref="CloneDestroyed"/>.
/// </summary>
/// <param name="Subject">Stream that asks.</param>
/// <param name="RequestId">Repeated in the answer.</param>
/// <param name="Agent">The host agent that is to do it.</param>
/// <param name="CloneName">Name of the clone.</param>
/// <param name="ExpiresAt">Not begun after this time (UTC), but answered as expired; null: however late.</param>
[WireName("justrunit.destroy-clone.v1")]
public sealed record DestroyClone(
    string Subject,
    Guid RequestId,
    [Named] string Agent,
    [Named] string CloneName,
    DateTimeOffset? ExpiresAt = null) : IAgentCommand, IAnsweredCommand;
