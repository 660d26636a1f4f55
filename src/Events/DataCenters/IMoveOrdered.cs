namespace JustRunIt.Events.DataCenters;

/// <summary>
/// An event by which a virtual machine is told to move: from then on the agent that it is to go to may say that it has it.
/// </summary>
public interface IMoveOrdered : IPlacementProgress
{
    /// <summary>The virtual machine.</summary>
    string Vm { get; }

    /// <summary>Machine that it is to go to.</summary>
    string To { get; }

    /// <summary>The host agent of that machine; null when it is the same one.</summary>
    string? ToAgent { get; }
}
