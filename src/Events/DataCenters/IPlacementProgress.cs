namespace JustRunIt.Events.DataCenters;

/// <summary>
/// An event on a data centre's stream that tells of a placement's progress and changes neither machines nor who runs where
/// with what: the inventory passes it over.
/// </summary>
public interface IPlacementProgress;
