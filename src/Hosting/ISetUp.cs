namespace JustRunIt.Hosting;

/// <summary>What must be made once before a process runs, by whoever may: <see cref="ServiceProgram.Schema"/>.</summary>
public interface ISetUp
{
    /// <summary>Makes it, or brings it up to date.</summary>
    Task SetUpAsync(CancellationToken cancellation);
}
