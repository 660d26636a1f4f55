namespace JustRunIt.ProxyNode.Protocols;

/// <summary>
/// A protocol that the proxies relay. One whose messages they understand is an <see cref="IMessageProtocol"/>; of every other
/// nothing is measured, duplicated, recorded or answered.
/// </summary>
internal interface IProtocol
{
    /// <summary>Its name in settings and on the command line.</summary>
    string Name { get; }
}
