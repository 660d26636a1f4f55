using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Tests.Power;

/// <summary>
/// An HTTPS server with resources of the shape of DMTF's published mock-up of a rack-mount server (DSP2043,
/// public-rackmount1), and the standard's two ways to authenticate.
/// </summary>
internal sealed class RedfishServer : IAsyncDisposable
{
    public const string User = "operator";
    public const string Password = "a b:c";

    private readonly WebApplication application;
    private readonly Dictionary<string, string> sessions = [];
    private int counter;

    private RedfishServer(WebApplication application, string folder)
    {
        this.application = application;
        Folder = folder;
    }

    public string Folder { get; }

    public Uri Url { get; private set; } = null!;

    public string CertificateFile => Path.Combine(Folder, "bmc.pem");

    public string PasswordFile => Path.Combine(Folder, "password");

    public Dictionary<string, JsonNode> Resources { get; } = MockUp();

    /// <summary>Sessions that are open now.</summary>
    public int Sessions
    {
        get
        {
            lock (sessions)
                return sessions.Count;
        }
    }

    public static async Task<RedfishServer> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("justrunit-redfish-").FullName;
        var certificate = SelfSigned();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        var server = new RedfishServer(builder.Build(), folder);
        await File.WriteAllTextAsync(server.CertificateFile, certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(server.PasswordFile, Password + "\n");
        server.application.Run(server.AnswerAsync);
        await server.application.StartAsync();
        var features = server.application.Services.GetRequiredService<IServer>().Features;
        server.Url = new Uri(features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return server;
    }

    public void ForgetSessions()
    {
        lock (sessions)
            sessions.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await application.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!.TrimEnd('/');
        if (context.Request.Method == "POST" && path == "/redfish/v1/SessionService/Sessions")
        {
            var login = await JsonNode.ParseAsync(context.Request.Body);
            if ((string?)login!["UserName"] != User || (string?)login["Password"] != Password)
            {
                context.Response.StatusCode = 401;
                return;
            }

            var (token, place) = (Guid.NewGuid().ToString("N"), $"{path}/{Interlocked.Increment(ref counter)}");
            lock (sessions)
                sessions[token] = place;
            context.Response.Headers["X-Auth-Token"] = token;
            context.Response.Headers.Location = place;
            context.Response.StatusCode = 201;
            return;
        }

        // Only the service root may be read by anybody (DSP0266, §13.3.2).
        if (path != "/redfish/v1" && !Authenticated(context.Request))
        {
            context.Response.StatusCode = 401;
            return;
        }

        if (context.Request.Method == "DELETE")
        {
            lock (sessions)
            {
                foreach (var (token, _) in sessions.Where(session => session.Value == path).ToList())
                    sessions.Remove(token);
            }

            context.Response.StatusCode = 204;
            return;
        }

        if (!Resources.TryGetValue(path, out var resource))
        {
            context.Response.StatusCode = 404;
            return;
        }

        context.Response.ContentType = "application/json;charset=utf-8";
        context.Response.Headers["OData-Version"] = "4.0";
        await context.Response.WriteAsync(resource.ToJsonString());
    }

    private bool Authenticated(HttpRequest request)
    {
        lock (sessions)
        {
            if (request.Headers["X-Auth-Token"].ToString() is { Length: > 0 } token && sessions.ContainsKey(token))
                return true;
        }

        return request.Headers.Authorization.ToString() == $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}"))}";
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // As makers ship them: another name than the machine's.
        var request = new CertificateRequest("CN=management-processor", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }

    private static Dictionary<string, JsonNode> MockUp() => new Dictionary<string, string>
    {
        ["/redfish/v1"] = """
            {"@odata.type":"#ServiceRoot.v1_15_0.ServiceRoot","Id":"RootService","Name":"Root Service","RedfishVersion":"1.15.0",
             "Systems":{"@odata.id":"/redfish/v1/Systems"},"Chassis":{"@odata.id":"/redfish/v1/Chassis"},
             "SessionService":{"@odata.id":"/redfish/v1/SessionService"},
             "Links":{"Sessions":{"@odata.id":"/redfish/v1/SessionService/Sessions"}},"@odata.id":"/redfish/v1/"}
            """,
        ["/redfish/v1/Chassis"] = """
            {"@odata.type":"#ChassisCollection.ChassisCollection","Name":"Chassis Collection","Members@odata.count":1,
             "Members":[{"@odata.id":"/redfish/v1/Chassis/1U"}],"@odata.id":"/redfish/v1/Chassis"}
            """,
        ["/redfish/v1/Chassis/1U"] = """
            {"@odata.type":"#Chassis.v1_22_0.Chassis","Id":"1U","Name":"Computer System Chassis","ChassisType":"RackMount",
             "PowerState":"On",
             "PowerSubsystem":{"@odata.id":"/redfish/v1/Chassis/1U/PowerSubsystem"},
             "EnvironmentMetrics":{"@odata.id":"/redfish/v1/Chassis/1U/EnvironmentMetrics"},
             "Sensors":{"@odata.id":"/redfish/v1/Chassis/1U/Sensors"},
             "Power":{"@odata.id":"/redfish/v1/Chassis/1U/Power"},"@odata.id":"/redfish/v1/Chassis/1U"}
            """,
        ["/redfish/v1/Chassis/1U/EnvironmentMetrics"] = """
            {"@odata.type":"#EnvironmentMetrics.v1_3_0.EnvironmentMetrics","Id":"EnvironmentMetrics","Name":"Chassis Environment Metrics",
             "TemperatureCelsius":{"Reading":39,"DataSourceUri":"/redfish/v1/Chassis/1U/Sensors/CPU1Temp"},
             "PowerWatts":{"Reading":374,"DataSourceUri":"/redfish/v1/Chassis/1U/Sensors/TotalPower"},
             "PowerLimitWatts":{"SetPoint":500,"AllowableMax":1000,"AllowableMin":150},
              "@odata.id":"/redfish/v1/Chassis/1U/EnvironmentMetrics"}
            """,
        ["/redfish/v1/Chassis/1U/Power"] = """
            {"@odata.type":"#Power.v1_7_1.Power","Id":"Power","Name":"Power","PowerControl":[
              {"@odata.id":"/redfish/v1/Chassis/1U/Power#/PowerControl/0","MemberId":"0","Name":"System Input Power",
               "PowerConsumedWatts":344,
               "PowerRequestedWatts":800,"PowerCapacityWatts":800,
               "PowerMetrics":{"IntervalInMin":30,"MinConsumedWatts":271,"MaxConsumedWatts":489,"AverageConsumedWatts":319}}],
             "PowerSupplies":[{"MemberId":"0","Name":"Power Supply Bay","LastPowerOutputWatts":325}],
              "@odata.id":"/redfish/v1/Chassis/1U/Power"}
            """,
        ["/redfish/v1/Chassis/1U/Sensors"] = """
            {"@odata.type":"#SensorCollection.SensorCollection","Name":"Chassis sensors","Members@odata.count":3,"Members":[
              {"@odata.id":"/redfish/v1/Chassis/1U/Sensors/AmbientTemp"},{"@odata.id":"/redfish/v1/Chassis/1U/Sensors/CPU1Power"},
              {"@odata.id":"/redfish/v1/Chassis/1U/Sensors/TotalPower"}],"@odata.id":"/redfish/v1/Chassis/1U/Sensors"}
            """,
        ["/redfish/v1/Chassis/1U/Sensors/AmbientTemp"] = """
            {"@odata.type":"#Sensor.v1_6_0.Sensor","Id":"AmbientTemp","Name":"Ambient Temperature","ReadingType":"Temperature",
             "Reading":22.5,"ReadingUnits":"Cel"}
            """,
        ["/redfish/v1/Chassis/1U/Sensors/CPU1Power"] = """
            {"@odata.type":"#Sensor.v1_6_0.Sensor","Id":"CPU1Power","Name":"CPU #1 Power","ReadingType":"Power","Reading":91,
             "ReadingUnits":"W","PhysicalContext":"CPU"}
            """,
        ["/redfish/v1/Chassis/1U/Sensors/TotalPower"] = """
            {"@odata.type":"#Sensor.v1_6_0.Sensor","Id":"TotalPower","Name":"Power reading for the Chassis","ReadingType":"Power",
             "ElectricalContext":"Total",
             "Reading":374.5,"ReadingUnits":"W","PhysicalContext":"Chassis"}
            """,
    }.ToDictionary(entry => entry.Key, entry => JsonNode.Parse(entry.Value)!);
}
