namespace JustRunIt.Events.Store.Relaying;

/// <summary>The relay's settings.</summary>
/// <param name="Service">The service it runs in, for logs.</param>
internal sealed record RelaySettings(string Service);
