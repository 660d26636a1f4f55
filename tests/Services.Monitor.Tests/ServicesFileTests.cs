using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Services.Monitor.Configuration;

namespace JustRunIt.Services.Monitor.Tests;

/// <summary>Bad input gets one line with file, line, field, value and what is allowed.</summary>
public sealed class ServicesFileTests
{
    internal const string Good = """
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

    private const string PolicyGroup = """

        policy:
          name: careful
          monitoring: { clockTolerance: 3s, slackChange: 50 %, slackReminder: 12h }
          exploring:
            cloneTimeout: 2min
            experimentGrace: 10s
            sandboxRetryAfter: 3s
            cloneAttempts: 5
            repetitions: 0
            sourceTolerance: 30 %
          filling: { method: linear }
          checking: { patience: 5min }
          placing:
            retryAfter: 4s
            contradictionErrors: 3
            weights: { cpu: 2, memory: 0.5 }
            tiersApart: false
            annealing: { iterations: 10, firstTemperature: 100 }
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
        Assert.Equal(("shop", new Agreement("meanMs", 200), null), (service.Service, service.Level.Agreement, service.Level.Monitor));
        var dimension = Assert.Single(service.Exploration.Dimensions);
        Assert.Equal(("cpu", 0.6, 1.0, 5), (dimension.Resource, dimension.Minimum, dimension.Maximum, dimension.Points));
        Assert.Equal(0.2, service.Exploration.Slack);
    }

    [Fact]
    public void A_file_without_a_policy_has_the_defaults_of_the_program() => Assert.Same(Policy.Default, Read(Good).Policy);

    [Fact]
    public void A_policy_is_read_with_the_defaults_of_what_is_left_out()
    {
        var policy = Read(Good + PolicyGroup).Policy;
        Assert.Equal(("careful", 0), (policy.Name, policy.Version));
        Assert.Equal(
            new MonitoringPolicy
            {
                ClockTolerance = TimeSpan.FromSeconds(3),
                SlackChange = 0.5,
                SlackReminder = TimeSpan.FromHours(12),
            },
            policy.Monitoring);
        Assert.Equal(
            new ExploringPolicy
            {
                CloneTimeout = TimeSpan.FromMinutes(2),
                ExperimentGrace = TimeSpan.FromSeconds(10),
                SandboxRetryAfter = TimeSpan.FromSeconds(3),
                CloneAttempts = 5,
                Repetitions = 0,
                SourceTolerance = 0.3,
            },
            policy.Exploring);
        Assert.Equal(("linear", TimeSpan.FromMinutes(5)), (policy.Filling.Method, policy.Checking.Patience));
        Assert.Equal([new("cpu", 2), new("memory", 0.5)], policy.Placing.Weights);
        Assert.Equal(
            new PlacingPolicy
            {
                RetryAfter = TimeSpan.FromSeconds(4),
                TiersApart = false,
                ContradictionErrors = 3,
                AnnealingIterations = 10,
                FirstTemperature = 100,
                Weights = policy.Placing.Weights,
            },
            policy.Placing);
    }

    [Theory]
    [InlineData(
        "clockTolerance: 3s",
        "clockTolerance: 0s",
        "policy.monitoring.clockTolerance: '0s'; allowed is a duration with its unit (ms, s, min, h) from 1s")]
    [InlineData("slackChange: 50 %", "slackChange: much", "policy.monitoring.slackChange: 'much'; allowed is a percentage from 0 %")]
    [InlineData("slackReminder: 12h", "slackRemind: 12h", "policy.monitoring.slackRemind: unknown field; allowed are clockTolerance")]
    [InlineData("careful", "''", "policy.name: ''; allowed is text that is not empty")]
    [InlineData("cloneTimeout: 2min", "cloneTimeOut: 2min", "policy.exploring.cloneTimeOut: unknown field; allowed are cloneTimeout")]
    [InlineData(
        "cloneTimeout: 2min",
        "cloneTimeout: 500ms",
        "policy.exploring.cloneTimeout: '500ms'; allowed is a duration with its unit (ms, s, min, h) from 1s")]
    [InlineData("cloneAttempts: 5", "cloneAttempts: 0", "policy.exploring.cloneAttempts: '0'; allowed is a whole number from 1 to 100")]
    [InlineData("sourceTolerance: 30 %", "sourceTolerance: -1", "policy.exploring.sourceTolerance: '-1'; allowed is a percentage from 0 %")]
    [InlineData("method: linear", "method: cubic", "policy.filling.method: 'cubic'; allowed is linear")]
    [InlineData("patience: 5min", "patience: 5", "policy.checking.patience: '5'; allowed is a duration with its unit")]
    [InlineData("cpu: 2", "cpus: 2", "policy.placing.weights.cpus: unknown field; allowed are cpu, memory, frequency")]
    [InlineData("cpu: 2", "cpu: -2", "policy.placing.weights.cpu: '-2'; allowed is a number from 0")]
    [InlineData("tiersApart: false", "tiersApart: no", "policy.placing.tiersApart: 'no'; allowed is true or false")]
    [InlineData(
        "firstTemperature: 100",
        "firstTemperature: NaN",
        "policy.placing.annealing.firstTemperature: 'NaN'; allowed is a number from")]
    [InlineData(
        "firstTemperature: 100",
        "lastTemperature: 2000",
        "policy.placing.annealing.lastTemperature: '2000'; allowed is at most the first temperature, 1500")]
    [InlineData("policy:", "polices:", ":17: polices: unknown field; allowed are dataCenter, policy, services")]
    public void What_is_wrong_in_a_policy_is_named(string good, string bad, string message) =>
        Assert.Contains(message, Assert.Throws<ConfigurationException>(() => Read((Good + PolicyGroup).Replace(good, bad))).Message);

    [Fact]
    public void An_agreement_may_be_on_availability_too()
    {
        const string window = "window: 10s";
        Assert.Null(Assert.Single(Read(Good).Services).Level.Availability);
        var service = Assert.Single(Read(Good.Replace(window, window + "\n      availability: 99.9 %")).Services);
        Assert.Equal(0.999, service.Level.Availability!.Value, 12);
        foreach (var wrong in new[] { "0 %", "101 %", "high" })
        {
            Assert.Contains(
                $"services[0].sla.availability: '{wrong}'; allowed is a percentage",
                Assert.Throws<ConfigurationException>(
                    () => Read(Good.Replace(window, $"{window}\n      availability: {wrong}"))).Message);
        }
    }

    [Fact]
    public void An_agreement_may_be_judged_by_a_monitor_alone()
    {
        const string measuredAt = "measuredAt: application";
        var service = Assert.Single(Read(Good.Replace(measuredAt, measuredAt + "\n      monitor: probe")).Services);
        Assert.Equal("probe", service.Level.Monitor);
        Assert.Contains(
            ":8: services[0].sla.monitor: ''; allowed is text that is not empty",
            Assert.Throws<ConfigurationException>(
                () => Read(Good.Replace(measuredAt, measuredAt + "\n      monitor: ''"))).Message);
    }

    [Theory]
    [InlineData("window: 10s", "windows: 10s", ":6: services[0].sla.windows: unknown field; allowed are meanResponseTime, availability")]
    [InlineData(
        "minimum: 60 %",
        "minimum: 120 %",
        ":13: services[0].exploration.resources[0].maximum: '100 %'; allowed is more than the minimum")]
    [InlineData(
        "points: 5",
        "points: 1",
        ":13: services[0].exploration.resources[0].points: '1'; allowed is a whole number from 2 to 1000")]
    [InlineData(
        "meanResponseTime: 200ms",
        "meanResponseTime: 0ms",
        ":5: services[0].sla.meanResponseTime: '0ms'; allowed is a duration with its unit")]
    [InlineData(
        "meanResponseTime: 200ms",
        "meanResponseTime: 200",
        ":5: services[0].sla.meanResponseTime: '200'; allowed is a duration with its unit (ms, s, min, h)")]
    [InlineData(
        "tiers: [application]",
        "tiers: [aplication]",
        ":11: services[0].exploration.tiers[0]: 'aplication'; allowed is a tier of the service: application")]
    [InlineData(
        "tiers: [application]",
        "tiers: [application, application]",
        ":11: services[0].exploration.tiers[1]: 'application'; allowed is a tier that is not named already")]
    [InlineData("measuredAt: application", "measuredAt: web", ":7: services[0].sla.measuredAt: 'web'; allowed is a tier of the service")]
    [InlineData("experiments: 3", "experiments: 1", ":14: services[0].exploration.experiments: '1'; allowed is a whole number from 2")]
    [InlineData(
        "name: cpu",
        "name: disk",
        ":13: services[0].exploration.resources[0].name: 'disk'; allowed is cpu (share of a core), memory (MiB) or frequency (MHz)")]
    [InlineData("dataCenter: dc\n", "", ":1: dataCenter: missing")]
    [InlineData("services:", "services: {", "not readable as YAML or JSON")]
    public void What_is_wrong_is_named(string good, string bad, string message) =>
        Assert.Contains(message, Assert.Throws<ConfigurationException>(() => Read(Good.Replace(good, bad))).Message);

    [Fact]
    public void JSON_is_read_and_complained_about_likewise()
    {
        Assert.Single(Read(Json.Replace("0ms", "5ms")).Services);
        Assert.Contains(
            ":2: services[0].sla.meanResponseTime: '0ms'; allowed is",
            Assert.Throws<ConfigurationException>(() => Read(Json)).Message);
    }

    [Fact]
    public void A_file_that_is_not_there_is_named() =>
        Assert.Contains(
            "/nowhere/services.yaml: cannot be read",
            Assert.Throws<ConfigurationException>(() => ServicesFile.Read("/nowhere/services.yaml")).Message);

    [Theory]
    [InlineData("services.yaml")]
    public void The_example_of_the_documentation_is_sound(string example) =>
        Assert.NotEmpty(ServicesFile.Read(Path.Combine(Repository(), "docs/examples", example)).Services);

    private static ConfigurationRead Read(string text)
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
