namespace JustRunIt.ProxyNode.Recording;

/// <summary>An on-line request to the next tier, and how it was answered.</summary>
/// <param name="Keys">What it is found by.</param>
/// <param name="Arrival">When it arrived.</param>
/// <param name="Delay">From its arrival to the last byte of the reply.</param>
/// <param name="Reply">The reply's bytes, head included.</param>
/// <param name="Closes">Whether the connection ends with the reply.</param>
internal sealed record RecordedExchange(RequestKeys Keys, long Arrival, TimeSpan Delay, byte[] Reply, bool Closes)
{
    /// <summary>The clone has been answered with it already.</summary>
    public bool IsUsed { get; set; }
}
