namespace JustRunIt.Events.Placement.Packing;

/// <summary>What may not share a machine.</summary>
/// <param name="TiersApart">Virtual machines of different tiers (§2.2.1, Figure 2).</param>
/// <param name="SameTierOfServiceApart">Virtual machines of one tier of one service, for availability (§2.1).</param>
public sealed record PackingRules(bool TiersApart, bool SameTierOfServiceApart);
