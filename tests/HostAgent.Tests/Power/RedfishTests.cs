using System.Text.Json.Nodes;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Power;

namespace JustRunIt.HostAgent.Tests.Power;

/// <summary>Redfish over HTTPS, against a server with the standard's own mock-up.</summary>
public sealed class RedfishTests : IAsyncLifetime
{
    private RedfishServer server = null!;

    public async Task InitializeAsync() => server = await RedfishServer.StartAsync();

    public async Task DisposeAsync() => await server.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_newest_place_is_read_with_a_session_or_with_basic_authentication(bool sessions)
    {
        using (var meter = new RedfishMeter(Settings() with { UsesSessions = sessions }))
        {
            Assert.Equal(new Watts(374), await meter.ReadAsync(CancellationToken.None));
            server.Resources["/redfish/v1/Chassis/1U/EnvironmentMetrics"]["PowerWatts"]!["Reading"] = 210.5;
            Assert.Equal(new Watts(210.5), await meter.ReadAsync(CancellationToken.None));
            Assert.Equal(sessions ? 1 : 0, server.Sessions);
        }

        Assert.Equal(0, server.Sessions);
    }

    [Fact]
    public async Task Without_environment_metrics_the_older_resource_is_read()
    {
        Chassis.Remove("EnvironmentMetrics");
        using var meter = new RedfishMeter(Settings());
        Assert.Equal(new Watts(344), await meter.ReadAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Without_both_the_chassis_own_sensor_is_read_and_no_part_s()
    {
        Chassis.Remove("EnvironmentMetrics");
        Chassis.Remove("Power");
        using var meter = new RedfishMeter(Settings());
        Assert.Equal(new Watts(374.5), await meter.ReadAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_reading_that_is_null_is_looked_for_elsewhere()
    {
        using var meter = new RedfishMeter(Settings());
        await meter.ReadAsync(CancellationToken.None);
        server.Resources["/redfish/v1/Chassis/1U/EnvironmentMetrics"]["PowerWatts"]!["Reading"] = null;
        Assert.Equal(new Watts(344), await meter.ReadAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_session_that_the_service_forgot_is_begun_anew()
    {
        using var meter = new RedfishMeter(Settings());
        await meter.ReadAsync(CancellationToken.None);
        server.ForgetSessions();
        Assert.Equal(new Watts(374), await meter.ReadAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Of_several_chassis_one_must_be_named()
    {
        var members = (JsonArray)server.Resources["/redfish/v1/Chassis"]["Members"]!;
        members.Add(JsonNode.Parse("""{"@odata.id":"/redfish/v1/Chassis/Shelf"}"""));
        await FailsAsync(Settings(), "redfish: which chassis? power.redfish.chassis must name one of: 1U, Shelf");
        await FailsAsync(Settings() with { Chassis = "2U" }, "redfish: there is no chassis 2U; there are: 1U, Shelf");
        using var meter = new RedfishMeter(Settings() with { Chassis = "1U" });
        Assert.Equal(new Watts(374), await meter.ReadAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_chassis_that_tells_nothing_says_so()
    {
        foreach (var place in new[] { "EnvironmentMetrics", "Power", "Sensors" })
            Chassis.Remove(place);
        await FailsAsync(
            Settings(), "redfish: /redfish/v1/Chassis/1U tells its power neither in EnvironmentMetrics nor in Power nor by a sensor");
    }

    [Fact]
    public async Task A_wrong_password_an_untrusted_certificate_and_a_dead_service_are_one_line_each()
    {
        await File.WriteAllTextAsync(server.PasswordFile, "wrong");
        await FailsAsync(Settings(), "redfish: the service lets operator begin no session: status 401");
        await FailsAsync(Settings() with { UsesSessions = false }, "redfish /redfish/v1/Chassis: status 401");
        await FailsAsync(Settings() with { CertificateFile = null }, "certificate");
        await FailsAsync(Settings() with { Url = new Uri("https://127.0.0.1:1/") }, "Connection refused");
    }

    [Fact]
    public async Task A_certificate_of_another_service_is_not_trusted()
    {
        await using var other = await RedfishServer.StartAsync();
        await FailsAsync(Settings() with { CertificateFile = other.CertificateFile }, "certificate");
    }

    private JsonObject Chassis => (JsonObject)server.Resources["/redfish/v1/Chassis/1U"];

    private RedfishSettings Settings() => new(server.Url, null, RedfishServer.User, server.PasswordFile, true, server.CertificateFile);

    private static async Task FailsAsync(RedfishSettings settings, string reason)
    {
        using var meter = new RedfishMeter(settings);
        var problem = await Assert.ThrowsAsync<PowerMeterException>(() => meter.ReadAsync(CancellationToken.None));
        Assert.Contains(reason, problem.Message);
        Assert.DoesNotContain('\n', problem.Message);
    }
}
