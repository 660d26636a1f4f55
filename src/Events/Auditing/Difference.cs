namespace JustRunIt.Events.Auditing;

/// <summary>A place at which two JSON texts differ.</summary>
/// <param name="Path">Such as <c>body.cells[2].allocation.cpu</c>.</param>
/// <param name="Recorded">The value that is stored (JSON); null where there is none.</param>
/// <param name="Decided">The value that the rule gives (JSON); null where there is none.</param>
public sealed record Difference(string Path, string? Recorded, string? Decided);
