namespace JustRunIt.Events.Matrices;

/// <summary>Resources whose allocation the host agents understand.</summary>
public static class ResourceNames
{
    /// <summary>CPU share; a dimension's values are cores (0.6 is 60 % of a core).</summary>
    public const string Cpu = "cpu";

    /// <summary>Memory limit; a dimension's values are mebibytes.</summary>
    public const string Memory = "memory";

    /// <summary>Highest frequency of the cores; a dimension's values are megahertz.</summary>
    public const string Frequency = "frequency";
}
