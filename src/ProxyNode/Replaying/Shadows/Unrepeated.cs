using JustRunIt.ProxyNode.Replaying.GivingUp;

namespace JustRunIt.ProxyNode.Replaying.Shadows;

/// <summary>A duplicate that is not sent.</summary>
/// <param name="Why">Why.</param>
/// <param name="Sample">What it is, for people.</param>
/// <param name="EndsSession">Without it, the rest of its session would mean something else.</param>
internal readonly record struct Unrepeated(GiveUpReason Why, string Sample, bool EndsSession);
