namespace JustRunIt.Events.Store.Relaying;

/// <summary>What every write of a leader is checked against.</summary>
/// <param name="Holder">The leader; beside the token, since a database that falls back may give a token twice.</param>
/// <param name="Token">Higher with each change of leader.</param>
internal readonly record struct Fence(string Holder, long Token);
