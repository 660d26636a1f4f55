namespace JustRunIt.HostAgent.Power;

/// <summary>How the agent's machines are metered.</summary>
/// <param name="Meter">Which meter.</param>
/// <param name="ReportEvery">How often it is read and reported.</param>
/// <param name="PowercapFolder">Where RAPL's files are.</param>
/// <param name="Ipmi">For <see cref="MeterKind.Ipmi"/>.</param>
/// <param name="Redfish">For <see cref="MeterKind.Redfish"/>.</param>
internal sealed record PowerSettings(
    MeterKind Meter, TimeSpan ReportEvery, string PowercapFolder, IpmiSettings Ipmi, RedfishSettings? Redfish);

/// <summary>Kinds of meters.</summary>
internal enum MeterKind
{
    /// <summary>Base plus dynamic power by utilization.</summary>
    Estimate,

    /// <summary>The processor's energy counters.</summary>
    Rapl,

    /// <summary>IPMI with DCMI.</summary>
    Ipmi,

    /// <summary>Redfish.</summary>
    Redfish,
}

/// <summary>Where a management processor is reached by IPMI.</summary>
/// <param name="Host">Its name or address; null for the machine's own.</param>
/// <param name="Port">UDP port.</param>
/// <param name="User">Who asks.</param>
/// <param name="PasswordFile">File with the password.</param>
internal sealed record IpmiSettings(string? Host, int Port, string? User, string? PasswordFile);

/// <summary>Where a management processor is reached by Redfish.</summary>
/// <param name="Url">Scheme, host and port.</param>
/// <param name="Chassis">Id of the chassis; null for the only one.</param>
/// <param name="User">Who asks; null without authentication.</param>
/// <param name="PasswordFile">File with the password.</param>
/// <param name="UsesSessions">True to log in once, false to send name and password with each request.</param>
/// <param name="CertificateFile">PEM file of the certificate, or of its authority, to trust; null for the system's.</param>
internal sealed record RedfishSettings(
    Uri Url, string? Chassis, string? User, string? PasswordFile, bool UsesSessions, string? CertificateFile);
