namespace JustRunIt.Events.Naming;

/// <summary>
/// A field of a message that is a <see cref="Name"/>: text, or a list of texts. Whoever reads the message from the bus refuses one that
/// breaks the grammar; its schema says so too.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class NamedAttribute : Attribute;
