using System.Globalization;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Secrets;
using JustRunIt.ProxyNode.Bus;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.StandAlone;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Rules are found from the report alone, and are read again while connections stay open.</summary>
public sealed class RulesTests : IAsyncLifetime
{
    private readonly string file = Path.GetTempFileName();
    private TestServer original = null!;
    private TestServer clone = null!;

    public async Task InitializeAsync()
    {
        original = await PagesAsync(made: 112.5, article: "0123456789abcdef");
        clone = await PagesAsync(made: 7.25, article: "fedcba9876543210");
    }

    public async Task DisposeAsync()
    {
        await original.DisposeAsync();
        await clone.DisposeAsync();
        File.Delete(file);
    }

    [Fact]
    public async Task Rules_that_are_read_again_hold_for_connections_that_are_open_and_a_file_that_is_wrong_changes_nothing()
    {
        await using var proxy = Start(ProxyRole.In);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await AskAsync(client, "/");
        await Scenes.UntilAsync(proxy, report => report.Differences is { Compared: 1, Length: 1 });

        await File.WriteAllTextAsync(file, "replies: ['made in [0-9.]+ ms', 'id=[0-9a-f]{16}']\n");
        Assert.Equal($"rules read again from {file}: 0 wildcards, 2 replies, 0 identities, 0 credentials", proxy.ReadRules());
        await AskAsync(client, "/");
        await Scenes.UntilAsync(proxy, report => report.Differences is { Compared: 2, Length: 1, Content: 0 });

        await File.WriteAllTextAsync(file, "replies: ['(']\n");
        var error = Assert.Throws<ConfigurationException>(proxy.ReadRules);
        Assert.StartsWith("the rules are kept as they were: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        await AskAsync(client, "/");
        await Scenes.UntilAsync(proxy, report => report.Differences is { Compared: 3, Length: 1, Content: 0 });
    }

    [Fact]
    public async Task What_makes_a_session_stays_until_the_proxy_is_started_anew()
    {
        await using var proxy = Start(ProxyRole.In);
        await File.WriteAllTextAsync(file, "sessions: { by: identity }\n");
        Assert.Contains("sessions: changed", Assert.Throws<ConfigurationException>(proxy.ReadRules).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_reads_the_rules_of_its_tiers_again_and_a_file_that_is_wrong_changes_none()
    {
        var node = $"""
            node: front
            tiers:
              - service: shop
                tier: application
                listen: 127.0.0.1:0
                upstream: {original.EndPoint}

            """;
        await File.WriteAllTextAsync(file, node + "    replies: [one]\n");
        var proxies = new TierProxies(NodeFile.Read(file), TimeProvider.System, NullLogger<TierProxies>.Instance);
        await proxies.StartAsync(CancellationToken.None);
        var rules = proxies.Find("shop", "application")!.Settings.Rules;

        await File.WriteAllTextAsync(file, node + "    replies: [one, two]\n");
        proxies.ReadRules();
        Assert.Equal(["one", "two"], rules.ReplyWildcards.Select(pattern => $"{pattern}"));
        await File.WriteAllTextAsync(file, node + "    replies: ['(']\n");
        proxies.ReadRules();
        Assert.Equal(2, rules.ReplyWildcards.Count);
        await proxies.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_clone_s_open_connection_finds_by_wildcards_that_were_read_again_and_samples_tell_which_are_wanted()
    {
        await using var proxy = Start(ProxyRole.Out);
        using var online = await RawClient.ConnectAsync(proxy.EndPoint);
        using var cloned = await RawClient.ConnectAsync(proxy.SandboxEndPoint!);
        await AskAsync(online, "/item?stamp=aaaa1111bbbb&user=7");
        await Scenes.UntilAsync(proxy, report => report.Record!.Exchanges == 1);
        await AskAsync(cloned, "/item?stamp=cccc2222dddd&user=7");

        var report = await Scenes.UntilAsync(proxy, report => report.Matches!.Nearest == 1);
        var sample = Assert.Single(report.MatchSamples!);
        Assert.Equal(("nearest", 1), (sample.Match, sample.Count));
        var place = Assert.Single(sample.Places!);
        Assert.Contains("stamp=[aaaa1111bbbb]", place.Live, StringComparison.Ordinal);
        Assert.Contains("stamp=[cccc2222dddd]", place.Sandbox, StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, RulesProposal.Of(report).ToYaml());
        var proposed = await File.ReadAllTextAsync(file);
        Assert.Contains("  queryParameters:\n    - 'stamp'    # has a part in 1\n", proposed, StringComparison.Ordinal);
        proxy.ReadRules();

        await AskAsync(online, "/item?stamp=eeee1111ffff&user=8");
        await Scenes.UntilAsync(proxy, report => report.Record!.Exchanges == 2);
        await AskAsync(cloned, "/item?stamp=ffff2222eeee&user=8");
        await Scenes.UntilAsync(proxy, report => report.Matches is { Nearest: 1, Wildcard: 1 });
    }

    [Fact]
    public async Task The_rules_that_a_report_leads_to_make_the_differences_equal()
    {
        await using var proxy = Start(ProxyRole.In);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        for (var i = 0; i < 3; i++)
            await AskAsync(client, "/");
        var report = await Scenes.UntilAsync(proxy, report => report.Differences is { Compared: 3, Length: 3 });

        var sample = Assert.Single(report.Differences!.Samples);
        Assert.Equal((true, 3, 2), (sample.IsExplained, sample.Count, sample.Places!.Count));
        Assert.Contains(sample.Places, place => place.Live.Contains("made in [112.5] ms", StringComparison.Ordinal)
            && place.Sandbox.Contains("made in [7.25] ms", StringComparison.Ordinal));
        await File.WriteAllTextAsync(file, RulesProposal.Of(report).ToYaml());
        var written = await File.ReadAllTextAsync(file);
        Assert.StartsWith("# 3 of 3 differences that were looked at would be equal\nreplies:\n", written, StringComparison.Ordinal);
        Assert.Contains("  - '[0-9a-f]{16}'    # has a part in 3\n", written, StringComparison.Ordinal);
        proxy.ReadRules();

        await AskAsync(client, "/");
        await Scenes.UntilAsync(proxy, report => report.Differences is { Compared: 4, Length: 3, Content: 0 });
    }

    [Fact]
    public async Task What_no_rule_explains_is_told_and_no_rule_is_proposed_for_it()
    {
        await using var proxy = Start(ProxyRole.In);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await AskAsync(client, "/missing");
        var report = await Scenes.UntilAsync(proxy, report => report.Differences is { Status: 1 });
        var proposal = RulesProposal.Of(report);
        Assert.False(proposal.HasRules);
        Assert.Contains(
            "# 0 of 1 differences that were looked at would be equal\n# not explained: 1 of status: GET /missing",
            proposal.ToYaml(),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("made in 12 ms", "made in 9 ms", "made in [0-9]+")]
    [InlineData("at 2026-11-28 12:43:5.", "at 2026-11-28 12:43:15.", "[0-9]+:[0-9]+:[0-9]+")]
    [InlineData("<a href='x?t=0a1b2c3d'>", "<a href='x?t=ffffffff'>", "[0-9a-f]{8}")]
    [InlineData("id=Ab3;", "id=zZ9;", "id=[0-9A-Za-z]+")]
    public void A_difference_leads_to_the_pattern_of_both_values(string live, string cloned, string pattern)
    {
        var place = Assert.Single(TextDifference.Of(live, cloned, Redaction.Default, out var isWhole));
        Assert.Equal((pattern, true), (place.Pattern, isWhole));
    }

    [Fact]
    public void An_excerpt_holds_no_secret()
    {
        var places = TextDifference.Of(
            "<input name=\"password\" value=\"hunter2\"> password=hunter2;", "<input name=\"password\" value=\"other3\"> password=other3;",
            Redaction.Default, out _);
        Assert.NotEmpty(places);
        Assert.DoesNotContain(places, place => place.Live.Contains("password=[hunter2", StringComparison.Ordinal)
            || place.Sandbox.Contains("password=[other3", StringComparison.Ordinal));
    }

    private static Task<TestServer> PagesAsync(double made, string article) => TestServer.StartAsync(application =>
    {
        application.MapGet("/", () => string.Create(CultureInfo.InvariantCulture, $"<a href=x?id={article}>a</a>\nmade in {made} ms\n"));
        application.MapGet("/item", () => "one");
        if (made > 10)
            application.MapGet("/missing", () => "not at the clone");
    });

    private static async Task AskAsync(RawClient client, string path)
    {
        await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: shop\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 OK", await client.ReadReplyAsync(), StringComparison.Ordinal);
    }

    private StandAloneProxy Start(ProxyRole role) => StandAloneProxy.Start(
        new ProxyOptions
        {
            Role = role,
            Protocol = ProtocolRegistry.Default,
            Listen = Settings.Free,
            Upstream = Settings.Of(original.EndPoint),
            Sandbox = role == ProxyRole.In ? clone.EndPoint : Settings.Free,
            TimeShift = Scenes.TimeShift,
            Rules = Recording.ServiceRules.None,
            RulesFile = file,
        },
        TimeProvider.System);
}
