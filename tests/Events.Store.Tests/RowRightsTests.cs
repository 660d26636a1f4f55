using JustRunIt.Events.Authority;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Timers;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Messaging;
using static JustRunIt.Events.Store.Tests.RolesScene;

namespace JustRunIt.Events.Store.Tests;

/// <summary>Which rows a service may write with its own login of the database: its own, and no other's.</summary>
public sealed class RowRightsTests(RolesServer server) : IClassFixture<RolesServer>, IAsyncLifetime
{
    private readonly RolesScene scene = new(server);

    public Task InitializeAsync() => scene.InitializeAsync();

    public Task DisposeAsync() => scene.DisposeAsync();

    [Fact]
    public async Task A_service_writes_on_streams_of_its_own_kinds_alone()
    {
        const string begin = "INSERT INTO justrunit.mt_streams (id, version, tenant_id) VALUES ($1, 0, '*DEFAULT*')";
        const string change = "UPDATE justrunit.mt_streams SET";
        await scene.SetUpAsync(Owner);
        await scene.BeginStreamsAsync();
        foreach (var role in Roles.OfServices)
        {
            var (login, first) = (LoginOf(role.Name), role.Appends[0]);
            var own = role.Appends.Select(StreamKinds.Of).ToHashSet();
            foreach (var kind in Kinds)
            {
                var (what, stream) = ($"{role.Name}, {kind}", $"{kind}one");
                Assert.True(kind == StreamKinds.Of(first) == await scene.CanAsync(login, Insert, Wire.NameOf(first), stream), what);
                Assert.True(own.Contains(kind) == await scene.CanAsync(login, begin, $"{kind}new"), what);
                Assert.True(
                    own.Contains(kind) == await scene.CanAsync(login, $"{change} version = version + 1 WHERE id = $1", stream), what);
                Assert.False(await scene.CanAsync(login, $"{change} version = version - 1 WHERE id = $1", stream), what);
                Assert.False(await scene.CanAsync(login, $"{change} id = id || '-two' WHERE id = $1", stream), what);
            }
        }
    }

    [Fact]
    public async Task A_service_starts_timers_that_it_hears_and_remembers_what_its_own_deciders_have_handled()
    {
        const string timer =
            "INSERT INTO justrunit.timers (id, due_at, correlation_id, timer) "
            + "VALUES (gen_random_uuid(), now(), gen_random_uuid(), jsonb_build_object('stream', $1::text))";
        const string handled = "INSERT INTO justrunit.handled VALUES (gen_random_uuid(), $1, now(), 'Unchanged', '')";
        await scene.SetUpAsync(Owner);
        foreach (var role in Roles.OfServices)
        {
            foreach (var kind in Kinds)
            {
                var hears = kind is StreamKinds.Matrix or StreamKinds.DataCenter
                    && Names.Destination(new TimerElapsed($"{kind}one", default, Guid.Empty, default))
                        == Names.Queue(role.Name, typeof(TimerElapsed));
                Assert.True(hears == await scene.CanAsync(LoginOf(role.Name), timer, $"{kind}one"), $"{role.Name}, {kind}");
            }
        }

        foreach (var decider in Deciders.All)
        {
            var able = new List<string>();
            foreach (var role in Roles.OfServices)
            {
                if (await scene.CanAsync(LoginOf(role.Name), handled, decider.Name))
                    able.Add(role.Name);
            }

            Assert.True(able.Count == 1, $"{decider.Name}: {string.Join(", ", able)}");
        }

        Assert.True(await scene.CanAsync(LoginOf(Catalog.Monitor), handled, "sla"));
        Assert.False(await scene.CanAsync(LoginOf(Catalog.Monitor), handled, "of nobody"));
    }

    [Fact]
    public async Task A_service_takes_snapshots_of_its_own_and_changes_no_others()
    {
        const string take = "INSERT INTO justrunit.snapshots VALUES ('service-two', $1, 'f', 1, '{}')";
        const string change = "UPDATE justrunit.snapshots SET version = 2 WHERE kind = $1";
        await scene.SetUpAsync(Owner);
        foreach (var role in Roles.OfServices)
            await scene.ExecuteAsync(Owner, $"INSERT INTO justrunit.snapshots VALUES ('service-one', '{role.Name}/State', 'f', 1, '{{}}')");
        foreach (var role in Roles.OfServices)
        {
            foreach (var of in Roles.OfServices.Select(other => other.Name))
            {
                Assert.True(of == role.Name == await scene.CanAsync(LoginOf(role.Name), take, $"{of}/State"), $"{role.Name}, {of}");
                Assert.True(of == role.Name == await scene.CanAsync(LoginOf(role.Name), change, $"{of}/State"), $"{role.Name}, {of}");
            }

            Assert.False(await scene.CanAsync(
                LoginOf(role.Name), "UPDATE justrunit.snapshots SET stream = 'service-three' WHERE kind = $1", $"{role.Name}/State"));
        }
    }

    [Fact]
    public async Task A_service_leads_in_its_own_name_and_changes_what_the_relay_keeps_only_then()
    {
        const string take = "UPDATE justrunit.relay SET holder = $1, token = token + 1, expires = clock_timestamp() + interval '1 second'";
        await scene.SetUpAsync(Owner);
        await scene.ExecuteAsync(
            Owner,
            "INSERT INTO justrunit.parked (id, wire_name) VALUES (gen_random_uuid(), 'x'); "
            + "UPDATE justrunit.relay SET holder = 'placement host/1 a', token = 5, expires = '-infinity'");
        string[] ofLeader =
        [
            "UPDATE justrunit.relay SET position = 9", "UPDATE justrunit.relay SET sleeping = false",
            "DELETE FROM justrunit.timers", "DELETE FROM justrunit.handled", "DELETE FROM justrunit.parked",
            "INSERT INTO justrunit.parked (id, wire_name) VALUES (gen_random_uuid(), 'y')", "UPDATE justrunit.parked SET tries = 1",
        ];
        foreach (var role in Roles.OfServices)
        {
            var leads = role.Name == Catalog.Placement;
            foreach (var statement in ofLeader)
                Assert.True(leads == await scene.CanAsync(LoginOf(role.Name), statement), $"{role.Name}: {statement}");
            Assert.True(await scene.CanAsync(LoginOf(role.Name), "UPDATE justrunit.parked SET replay = true"), role.Name);
            Assert.True(await scene.CanAsync(LoginOf(role.Name), take, $"{role.Name} host/1 b"), role.Name);
            Assert.False(await scene.CanAsync(LoginOf(role.Name), take, $"{role.Name}s host/1 b"), role.Name);
            foreach (var other in Roles.OfServices.Where(other => other != role))
                Assert.False(await scene.CanAsync(LoginOf(role.Name), take, $"{other.Name} host/1 b"), $"{role.Name} as {other.Name}");
            Assert.False(await scene.CanAsync(LoginOf(role.Name), $"{take}, position = 9", $"{role.Name} host/1 b"), role.Name);
        }

        // While it is held nobody else takes it. It is held for a moment only: a machine that stood still is asked again.
        for (var attempt = 1; ; attempt++)
        {
            await scene.ExecuteAsync(Owner, "UPDATE justrunit.relay SET expires = clock_timestamp() + interval '1500 milliseconds'");
            if (!await scene.CanAsync(LoginOf(Catalog.Monitor), take, "monitor host/1 b"))
                break;
            Assert.True(attempt < 10, "a lease that is held is taken");
        }
    }

    [Fact]
    public async Task What_a_service_adds_to_the_store_is_written_by_it_alone()
    {
        var trial = new StoreExtension(
            Catalog.Experimenter, "trial", _ => { }, "CREATE TABLE IF NOT EXISTS justrunit.trial (id int);");
        await scene.SetUpAsync(Owner, trial);
        await scene.SetUpAsync(Owner, trial);
        foreach (var role in Roles.OfServices)
        {
            foreach (var statement in (string[])[
                "INSERT INTO justrunit.trial VALUES (1)", "UPDATE justrunit.trial SET id = 2", "DELETE FROM justrunit.trial"])
            {
                var can = await scene.CanAsync(LoginOf(role.Name), statement);
                Assert.True(role.Name == Catalog.Experimenter == can, $"{role.Name}: {statement}");
            }

            Assert.True(await scene.CanAsync(LoginOf(role.Name), "SELECT FROM justrunit.trial"), role.Name);
        }
    }

    [Fact]
    public async Task Rights_that_an_earlier_version_did_not_know_are_asked_for_and_made()
    {
        await scene.SetUpAsync(Owner);
        await scene.BeginStreamsAsync();
        await scene.ExecuteAsync(
            Owner,
            "DROP TABLE justrunit.owners; ALTER TABLE justrunit.speakers DROP COLUMN stream; "
            + "DROP TRIGGER check_stream ON justrunit.mt_streams");
        const string lengthen = "UPDATE justrunit.mt_streams SET version = version + 1 WHERE id = 'datacenter-one'";
        Assert.True(await scene.CanAsync(LoginOf(Catalog.Monitor), lengthen));
        var error = await Assert.ThrowsAsync<ConfigurationException>(() => scene.StartAsync(LoginOf(Catalog.Monitor)));
        Assert.StartsWith("environment: JUSTRUNIT_POSTGRES: the schema justrunit lacks justrunit.owners", error.Message);
        await scene.SetUpAsync(Owner);
        await scene.StartAsync(LoginOf(Catalog.Monitor));
        Assert.False(await scene.CanAsync(LoginOf(Catalog.Monitor), lengthen));
    }
}
