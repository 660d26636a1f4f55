using JustRunIt.Hosting.Configuration;
using JustRunIt.Services.Monitor.Configuration;

namespace JustRunIt.Services.Monitor.Tests;

/// <summary>Bad input gets one line with file, line, field, value and what is allowed.</summary>
public sealed class ServicesFileTests
{
    private const string Good = """
        dataCenter: dc
        services:
          - name: shop
            sla:
              meanResponseTime: 200ms
              window: 10s
              measuredAt: application
            tiers:
              - { name: application, vms: [shop-app], proxyNode: front }
            exploration:
              tiers: [application]
              resources:
                - { name: cpu, minimum: 60 %, maximum: 100 %, points: 5 }
              experiments: 3
              timeBudget: 10min
              measure: 30s
        """;

    private const string Json = """
        { "dataCenter": "dc", "services": [ { "name": "shop",
          "sla": { "meanResponseTime": "0ms", "window": "10s", "measuredAt": "application" },
          "tiers": [ { "name": "application", "vms": [ "shop-app" ] } ],
          "exploration": { "tiers": [ "application" ], "experiments": 3, "timeBudget": "10min", "measure": "30s",
            "resources": [ { "name": "cpu", "minimum": 0.6, "maximum": 1, "points": 5 } ] } } ] }
        """;

    [Fact]
    public void A_sound_file_is_read_with_the_defaults_of_what_is_left_out()
    {
        var service = Assert.Single(Read(Good).Services);
        Assert.Equal(("shop", TimeSpan.FromMilliseconds(200)), (service.Service, service.Level.MeanResponseTime));
        var dimension = Assert.Single(service.Exploration.Dimensions);
        Assert.Equal(("cpu", 0.6, 1.0, 5), (dimension.Resource, dimension.Minimum, dimension.Maximum, dimension.Points));
        Assert.Equal(0.2, service.Exploration.Slack);
    }

    [Theory]
    [InlineData("window: 10s", "windows: 10s", ":6: services[0].sla.windows: unknown field; allowed are meanResponseTime, window")]
    [InlineData("minimum: 60 %", "minimum: 120 %", ":13: services[0].exploration.resources[0].maximum: '100 %'; allowed is more than the minimum")]
    [InlineData("points: 5", "points: 1", ":13: services[0].exploration.resources[0].points: '1'; allowed is a whole number from 2 to 1000")]
    [InlineData("meanResponseTime: 200ms", "meanResponseTime: 0ms", ":5: services[0].sla.meanResponseTime: '0ms'; allowed is a duration with its unit")]
    [InlineData("meanResponseTime: 200ms", "meanResponseTime: 200", ":5: services[0].sla.meanResponseTime: '200'; allowed is a duration with its unit (ms, s, min, h)")]
    [InlineData("tiers: [application]", "tiers: [aplication]", ":11: services[0].exploration.tiers[0]: 'aplication'; allowed is a tier of the service: application")]
    [InlineData("measuredAt: application", "measuredAt: web", ":7: services[0].sla.measuredAt: 'web'; allowed is a tier of the service")]
    [InlineData("experiments: 3", "experiments: 1", ":14: services[0].exploration.experiments: '1'; allowed is a whole number from 2")]
    [InlineData("name: cpu", "name: disk", ":13: services[0].exploration.resources[0].name: 'disk'; allowed is cpu (share of a core), memory (MiB) or frequency (MHz)")]
    [InlineData("dataCenter: dc\n", "", ":1: dataCenter: missing")]
    [InlineData("services:", "services: {", "not readable as YAML or JSON")]
    public void What_is_wrong_is_named(string good, string bad, string message) =>
        Assert.Contains(message, Assert.Throws<ConfigurationException>(() => Read(Good.Replace(good, bad))).Message);

    [Fact]
    public void JSON_is_read_and_complained_about_likewise()
    {
        Assert.Single(Read(Json.Replace("0ms", "5ms")).Services);
        Assert.Contains(":2: services[0].sla.meanResponseTime: '0ms'; allowed is", Assert.Throws<ConfigurationException>(() => Read(Json)).Message);
    }

    [Fact]
    public void A_file_that_is_not_there_is_named() =>
        Assert.Contains("/nowhere/services.yaml: cannot be read", Assert.Throws<ConfigurationException>(() => ServicesFile.Read("/nowhere/services.yaml")).Message);

    [Theory]
    [InlineData("services.yaml")]
    public void The_example_of_the_documentation_is_sound(string example) =>
        Assert.NotEmpty(ServicesFile.Read(Path.Combine(Repository(), "docs/examples", example)).Services);

    private static ServiceDefinitions Read(string text)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, text);
            return ServicesFile.Read(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "JustRunIt.Events.sln")))
            folder = folder.Parent!;
        return folder.FullName;
    }
}
