using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Hosts;

/// <summary>Destroy a clone and everything that was made for it. A clone that is gone already is no error.</summary>
/// <param name="Subject">Stream that asks.</param>
/// <param name="RequestId">Of this request.</param>
/// <param name="Agent">The host agent that is to do it.</param>
/// <param name="CloneName">Name of the clone.</param>
[WireName("justrunit.destroy-clone.v1")]
public sealed record DestroyClone(string Subject, Guid RequestId, string Agent, string CloneName) : IAgentCommand;
