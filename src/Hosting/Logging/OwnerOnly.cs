using System.Text;
using Serilog.Sinks.File;

namespace JustRunIt.Hosting.Logging;

/// <summary>Lets only the owner read a log file, from its first line on.</summary>
internal sealed class OwnerOnly : FileLifecycleHooks
{
    /// <summary>rw-------</summary>
    public const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public override Stream OnFileOpened(string path, Stream underlyingStream, Encoding encoding)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, Mode);
        return underlyingStream;
    }
}
