namespace JustRunIt.Events.Messaging;

/// <summary>
/// The versioned name of a message on the wire, on the stream and in the broker's exchange, independent of the class.
/// A change that old readers cannot bear gets a new version and a new record.
/// </summary>
/// <param name="name">For example <c>justrunit.sla-violated.v1</c>: lower case, digits, dots and hyphens.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class WireNameAttribute(string name) : Attribute
{
    /// <summary>The versioned name.</summary>
    public string Name { get; } = name;
}
