namespace JustRunIt.ProxyNode.Configuration;

/// <summary>A proxy node's settings.</summary>
/// <param name="Node">Its name, unique in the data centre.</param>
/// <param name="ReportEvery">How often it reports response times.</param>
/// <param name="Tiers">The tiers whose proxies it holds.</param>
internal sealed record NodeSettings(string Node, TimeSpan ReportEvery, IReadOnlyList<TierSettings> Tiers)
{
    /// <summary>The file that they were read from; null: none.</summary>
    public string? File { get; init; }

    /// <summary>How long redirected connections may go on after the node was told to end.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The relays of all its proxies.</summary>
    public IEnumerable<RelaySettings> Relays => Tiers.SelectMany(tier => tier.OutProxies.Select(next => next.Relay).Prepend(tier.Relay));
}
