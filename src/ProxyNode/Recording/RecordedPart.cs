namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// A part of an exchange that has a reply of its own: its client waited for that before it said the rest, or may have.
/// </summary>
/// <param name="Request">Where it is in the request's bytes.</param>
/// <param name="Reply">Where its reply is in the reply's.</param>
internal readonly record struct RecordedPart(Range Request, Range Reply);
