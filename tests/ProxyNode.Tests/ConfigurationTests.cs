using JustRunIt.Hosting.Configuration;
using JustRunIt.ProxyNode.Configuration;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Bad input gets one line with file, line, field, value and what is allowed.</summary>
public sealed class ConfigurationTests
{
    private const string Good =
        """
        node: front
        reportEvery: 1s
        tiers:
          - service: shop
            tier: application
            listen: 127.0.0.1:9101
            upstream: localhost:9001
            memoryMiB: 16
            outProxies:
              - { name: data, listen: "127.0.0.1:9102", upstream: "127.0.0.1:9002", sandboxListen: "127.0.0.1:9103" }
            wildcards: { headers: [x-request-id], paths: ["/s/[0-9a-f]+"] }
        """;

    [Fact]
    public void A_sound_file_is_read()
    {
        var tier = Assert.Single(Read(Good).Tiers);
        Assert.Equal(
            ("shop", "application", "127.0.0.1:9101", 16L << 20), (tier.Service, tier.Tier, $"{tier.Relay.Listen}", tier.MemoryLimitBytes));
        Assert.Equal("127.0.0.1:9103", $"{Assert.Single(tier.OutProxies).SandboxListen}");
    }

    [Fact]
    public void Left_out_fields_have_the_documented_defaults()
    {
        var settings = Read("node: n\ntiers:\n  - { service: s, tier: t, listen: \"127.0.0.1:1\", upstream: \"127.0.0.1:2\" }\n");
        Assert.Equal((TimeSpan.FromSeconds(1), 64L << 20), (settings.ReportEvery, settings.Tiers[0].MemoryLimitBytes));
    }

    [Theory]
    [InlineData("node: front", "node: 'front 1'", ":1: node: 'front 1'; allowed is a name of 1 to 63 letters")]
    [InlineData("reportEvery: 1s", "reportEvery: 1ms", ":2: reportEvery: '1ms'; allowed is ")]
    [InlineData("listen: 127.0.0.1:9101", "listen: 9101", ":6: tiers[0].listen: '9101'; allowed is IP:PORT")]
    [InlineData("upstream: localhost:9001", "upstream: localhost", ":7: tiers[0].upstream: 'localhost'; allowed is HOST:PORT")]
    [InlineData("memoryMiB: 16", "memoryMiB: 0", ":8: tiers[0].memoryMiB: '0'; allowed is ")]
    [InlineData("memoryMiB: 16", "memory: 16", ":8: tiers[0].memory: unknown field; allowed are service, tier")]
    [InlineData(
        "sandboxListen: \"127.0.0.1:9103\"",
        "name2: x",
        "].name2: unknown field; allowed are name, listen, install, endIdle, protocol, upstream, vm, maxConnections, "
            + "maxConnectionsPerSource, headTimeout, idleTimeout, goneTimeout, sandboxListen, sandboxClients")]
    [InlineData("/s/[0-9a-f]+", "(a)\\\\1", "allowed is a regular expression without back references and look-around")]
    public void What_is_wrong_is_named(string good, string bad, string message) =>
        Assert.Contains(message, Assert.Throws<ConfigurationException>(() => Read(Good.Replace(good, bad))).Message);

    [Fact]
    public void A_tier_is_listed_once()
    {
        var twice = Good + "\n" + string.Join('\n', Good.Split('\n').Skip(3));
        Assert.Contains(
            "].tier: 'application'; allowed is a tier that is not listed already",
            Assert.Throws<ConfigurationException>(() => Read(twice)).Message);
    }

    private static NodeSettings Read(string text) => Settings.FromFile(text, NodeFile.Read);
}
