namespace JustRunIt.Events.Messaging;

/// <summary>
/// A message in which a sender may have put what nobody else may read: where it cannot be handled, what is kept of it is kept without.
/// </summary>
public interface IBearsSecrets;
