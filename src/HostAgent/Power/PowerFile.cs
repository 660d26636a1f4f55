using JustRunIt.Hosting.Configuration;

namespace JustRunIt.HostAgent.Power;

/// <summary>The group <c>power</c> of the agent's file; the format is described in <c>docs/configuration.md</c>.</summary>
internal static class PowerFile
{
    private const int IpmiPort = 623;
    private static readonly TimeSpan Fastest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Slowest = TimeSpan.FromMinutes(1);

    // Management processors average over about a second and answer in a good part of it.
    private static readonly TimeSpan ManagementProcessorPeriod = TimeSpan.FromSeconds(2);

    /// <summary>Reads and checks the group.</summary>
    /// <exception cref="ConfigurationException">The first thing that is wrong in it.</exception>
    public static PowerSettings Read(YamlField field)
    {
        field.Group("meter", "reportEvery", "powercapFolder", "ipmi", "redfish");
        var meterField = field.Required("meter");
        var meter = meterField.Text() switch
        {
            "estimate" => MeterKind.Estimate,
            "rapl" => MeterKind.Rapl,
            "ipmi" => MeterKind.Ipmi,
            "redfish" => MeterKind.Redfish,
            _ => throw meterField.Error("rapl, ipmi, redfish or estimate"),
        };
        return new PowerSettings(
            meter,
            field.Optional("reportEvery")?.Duration(Fastest, Slowest)
                ?? (meter is MeterKind.Ipmi or MeterKind.Redfish ? ManagementProcessorPeriod : TimeSpan.FromSeconds(1)),
            field.Optional("powercapFolder")?.Text() ?? RaplMeter.DefaultFolder,
            Ipmi(field.Optional("ipmi")),
            meter == MeterKind.Redfish ? Redfish(field.Required("redfish")) : null);
    }

    private static IpmiSettings Ipmi(YamlField? field)
    {
        if (field?.Group("host", "port", "user", "passwordFile").Optional("host") is not { } host)
            return new IpmiSettings(null, IpmiPort, null, null);
        return new IpmiSettings(
            Word(host),
            field.Optional("port")?.Whole(1, 65535) ?? IpmiPort,
            Word(field.Required("user")),
            ExistingFile(field.Required("passwordFile")));
    }

    private static RedfishSettings Redfish(YamlField field)
    {
        var urlField = field.Group("url", "chassis", "user", "passwordFile", "authentication", "certificate").Required("url");
        if (!Uri.TryCreate(urlField.Text(), UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http"))
            throw urlField.Error("https://HOST or http://HOST, with a port where it is not the usual one");
        var authentication = field.Optional("authentication");
        if (authentication is not null && authentication.Text() is not ("session" or "basic"))
            throw authentication.Error("session or basic");
        var user = field.Optional("user");
        return new RedfishSettings(
            url,
            field.Optional("chassis")?.Text(),
            user?.Text(),
            user is null ? null : ExistingFile(field.Required("passwordFile")),
            authentication?.Text() != "basic",
            field.Optional("certificate") is { } certificate ? ExistingFile(certificate) : null);
    }

    // It becomes an argument of a command line.
    private static string Word(YamlField field) =>
        field.Text().All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or ':') && !field.Text().StartsWith('-')
            ? field.Text()
            : throw field.Error("letters, digits, and . - _ : inside");

    private static string ExistingFile(YamlField field) =>
        File.Exists(field.Text()) ? field.Text() : throw field.Error("a file that is there");
}
