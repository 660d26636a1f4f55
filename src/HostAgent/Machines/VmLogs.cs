namespace JustRunIt.HostAgent.Machines;

/// <summary>Files that the output of what runs goes to; they outlive it.</summary>
internal sealed class VmLogs(string stateFolder)
{
    /// <summary>A virtual machine's file.</summary>
    public string Of(string vm) => Path.Combine(stateFolder, "logs", $"{vm}.log");

    /// <summary>Its file, of which nothing is there yet.</summary>
    /// <exception cref="IOException">There cannot be one.</exception>
    public string New(string vm)
    {
        var log = Of(vm);
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        File.Delete(log);
        return log;
    }
}
