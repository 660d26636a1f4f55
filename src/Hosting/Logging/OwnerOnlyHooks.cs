using System.Text;
using JustRunIt.Hosting.Files;
using Serilog.Sinks.File;

namespace JustRunIt.Hosting.Logging;

/// <summary>Lets only the owner read a log file, from its first line on.</summary>
internal sealed class OwnerOnlyHooks : FileLifecycleHooks
{
    public override Stream OnFileOpened(string path, Stream underlyingStream, Encoding encoding)
    {
        OwnerOnly.Tighten(path);
        return underlyingStream;
    }
}
