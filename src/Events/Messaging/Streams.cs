namespace JustRunIt.Events.Messaging;

/// <summary>Names of the streams (DESIGN §3). A name never changes once it has been written.</summary>
public static class Streams
{
    internal const string ServicePrefix = "service-";
    internal const string ExplorationsPrefix = "explorations-";
    internal const string MatrixPrefix = "matrix-";
    internal const string SandboxPrefix = "sandbox-";
    internal const string DataCenterPrefix = "datacenter-";
    internal const string PolicyPrefix = "policy-";
    internal const string SealPrefix = "seal-";

    /// <summary>SLA history and settings of a service.</summary>
    public static string Service(string service) => ServicePrefix + service;

    /// <summary>All explorations of a service, one after another: at most one is active.</summary>
    public static string Explorations(string service) => ExplorationsPrefix + service;

    /// <summary>One matrix: one tier of one exploration.</summary>
    public static string Matrix(Guid matrixId) => $"{MatrixPrefix}{matrixId:N}";

    /// <summary>Who holds a sandbox machine, and until when.</summary>
    public static string Sandbox(string dataCenter, string machine) => $"{SandboxPrefix}{dataCenter}-{machine}";

    /// <summary>Machines, virtual machines and their places.</summary>
    public static string DataCenter(string dataCenter) => DataCenterPrefix + dataCenter;

    /// <summary>The policy in force in a data centre.</summary>
    public static string Policy(string dataCenter) => PolicyPrefix + dataCenter;

    /// <summary>The checkpoints of a log.</summary>
    public static string Seal(string log) => SealPrefix + log;

    /// <summary>Whether <paramref name="stream"/> is a matrix' stream, and whose.</summary>
    public static bool IsMatrix(string stream, out Guid matrixId)
    {
        ArgumentNullException.ThrowIfNull(stream);
        matrixId = default;
        return stream.StartsWith(MatrixPrefix, StringComparison.Ordinal)
            && Guid.TryParseExact(stream.AsSpan(MatrixPrefix.Length), "N", out matrixId);
    }

    /// <summary>Whether <paramref name="stream"/> is a data centre's stream, and whose.</summary>
    public static bool IsDataCenter(string stream, out string dataCenter)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var matches = stream.StartsWith(DataCenterPrefix, StringComparison.Ordinal);
        dataCenter = matches ? stream[DataCenterPrefix.Length..] : "";
        return matches;
    }
}
