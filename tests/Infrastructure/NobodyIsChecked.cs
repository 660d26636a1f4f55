using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace JustRunIt.Infrastructure;

/// <summary>
/// Test suites have one user of the broker, who administers virtual hosts of their own: said here for them and for the programs that
/// they start. Tests of who may say what say otherwise themselves.
/// </summary>
internal static class NobodyIsChecked
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "Every suite uses this assembly, before it starts anything.")]
    internal static void Say() => Environment.SetEnvironmentVariable(
        "JUSTRUNIT_AUTHORITY", Environment.GetEnvironmentVariable("JUSTRUNIT_AUTHORITY") ?? "none");
}
