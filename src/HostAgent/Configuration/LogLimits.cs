using JustRunIt.Events.Quantities;

namespace JustRunIt.HostAgent.Configuration;

/// <summary>How much of a server's output is kept.</summary>
/// <param name="Size">Length at which its file is cut; each file that is kept beside has at most twice as much.</param>
/// <param name="Keep">How many files are kept beside; 0 for none.</param>
internal sealed record LogLimits(MemorySize Size, int Keep)
{
    /// <summary>Ten mebibytes and three files beside.</summary>
    public static LogLimits Default { get; } = new(MemorySize.FromMebibytes(10), 3);
}
