namespace JustRunIt.Hosting.Messaging;

/// <summary>Marks a delivery whose message is in another queue now: nothing else is to be done with it but to acknowledge it.</summary>
internal sealed class MovedAway;
