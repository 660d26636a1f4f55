using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
using JustRunIt.HostAgent.Bus;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Moving;
using JustRunIt.HostAgent.Networks;
using JustRunIt.HostAgent.Tests.Compliance;
using JustRunIt.HostAgent.VirtualMachines;

namespace JustRunIt.HostAgent.Tests;

/// <summary>
/// Text of messages is data: nothing of it becomes a path, a rule of the kernel's, an option, a URL or a line of a shell's that its
/// writer chose.
/// </summary>
public sealed class HostileInputTests
{
    private static readonly VmProgram Good =
        new("/bin/true", ["-x"], new Dictionary<string, string> { ["A.b-c"] = "x;y" }, "/", "127.0.0.1:8080", "127.0.0.1:3306", "/health");

    public static TheoryData<string> Addresses =>
    [
        "", " ", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:80\n", "127.0.0.1:80\nchain x { }",
        "127.0.0.1:80; drop", "127.0.0.1:80 accept\n}\ntable inet x {\n", "1.1.1.1:80,2.2.2.2:80", "{ 1.1.1.1 }:80", "0/0:80", "a b:80",
        "-f:80", "$(id):80", "\"x\":80", "127.0.0.1\0:80", "[::1]:80", "127.1:80", "1:80", "unix:/run/x", "http://127.0.0.1:80",
        "0.0.0.0:80",
    ];

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task No_text_but_an_address_of_IPv4_gets_to_the_kernels_rules(string text)
    {
        var refused = await Assert.ThrowsAsync<HostException>(() => NetworkAddress.ReadAsync("next", text));
        Assert.StartsWith("next: '", refused.Message);
        Assert.EndsWith($"allowed is {NetworkAddress.Allowed}", refused.Message);
        Assert.DoesNotContain(refused.Message, char.IsControl);
    }

    [Fact]
    public async Task A_name_becomes_the_address_that_it_has()
    {
        Assert.Equal("127.0.0.1:80", (await NetworkAddress.ReadAsync("next", "localhost:80"))!.ToString());
        Assert.Equal("10.1.2.3:80", (await NetworkAddress.ReadAsync("next", "10.1.2.3:80"))!.ToString());
        Assert.Null(await NetworkAddress.ReadAsync("next", null));
    }

    [Fact]
    public async Task What_runs_since_before_at_every_address_is_copied_and_its_next_tier_is_one_host_all_the_same()
    {
        var (listen, next) = await NetworkAddress.OfAsync(Good with { Listen = "0.0.0.0:8080" });
        Assert.Equal(("0.0.0.0:8080", "127.0.0.1:3306"), (listen.ToString(), next!.ToString()));
        await Assert.ThrowsAsync<HostException>(() => NetworkAddress.OfAsync(Good with { Next = "0.0.0.0:3306" }));
        await Assert.ThrowsAsync<HostException>(() => NetworkAddress.OfAsync(Good with { Listen = "0.0.0.0:80\nchain x { }" }));
        await Assert.ThrowsAsync<HostException>(() => NetworkAddress.OfAsync(Good with { Listen = "[::]:80" }));
    }

    [Fact]
    public void A_program_is_looked_at_before_anything_is_made_of_it()
    {
        ProgramCheck.Check(Good);
        ProgramCheck.Check(Good with { Next = "unix:/run/mysqld/mysqld.sock" });
        ProgramCheck.Check(Good with { Next = "http://127.0.0.1:8080/path" });
        ProgramCheck.Check(Good with { Arguments = ["{nextHost}", "{nextPort}"], Next = "data.example:3306" });
        ProgramCheck.Check(Good with { Arguments = ["{nextHost}", "{nextPort}"], Next = null });
        ProgramCheck.Check(Good with { Listen = "localhost:80", Next = null, HealthPath = null });
        foreach (var (field, program) in new (string, VmProgram)[]
        {
            ("listen", Good with { Listen = "127.0.0.1:80\nx" }),
            ("listen", Good with { Listen = "" }),
            ("next", Good with { Next = "127.0.0.1:80\nx" }),
            ("next", Good with { Next = "0.0.0.0:80" }),
            ("next", Good with { Next = "[::]:80" }),
            ("next", Good with { Next = "; rm -rf /" }),
            ("next", Good with { Next = "http://127.0.0.1:80/\"x" }),
            ("arguments", Good with { Arguments = ["/srv/{nextPort}.dll"], Next = "unix:/../../tmp/evil" }),
            ("arguments", Good with { Arguments = ["{nextHost}"], Next = "http://127.0.0.1:8080/path" }),
            ("environment", Good with { Environment = new Dictionary<string, string> { ["A"] = "{nextPort}" }, Next = "unix:/x" }),
            ("healthPath", Good with { HealthPath = "@10.0.0.1/" }),
            ("healthPath", Good with { HealthPath = "/x\r\nHost: y" }),
            ("healthPath", Good with { HealthPath = "" }),
            ("executable", Good with { Executable = "-rf" }),
            ("executable", Good with { Executable = "" }),
            ("executable", Good with { Executable = "/bin/true\0x" }),
            ("arguments", Good with { Arguments = ["a\0b"] }),
            ("workingDirectory", Good with { WorkingDirectory = "-rf" }),
            ("workingDirectory", Good with { WorkingDirectory = "/a\nb" }),
            ("image", Good with { Image = "../../x" }),
            ("image", Good with { Image = "json:{}" }),
            ("environment", Good with { Environment = new Dictionary<string, string> { ["A=B"] = "x" } }),
            ("environment", Good with { Environment = new Dictionary<string, string> { ["BASH_FUNC_x%%"] = "() { id; }" } }),
            ("environment", Good with { Environment = new Dictionary<string, string> { ["A"] = "x\0y" } }),
        })
        {
            var refused = Assert.Throws<HostException>(() => ProgramCheck.Check(program));
            Assert.StartsWith($"{field}: ", refused.Message);
            Assert.DoesNotContain(refused.Message, char.IsControl);
        }
    }

    [Fact]
    public void What_another_agent_offers_is_taken_only_with_names_and_paths_as_agents_give_them()
    {
        var id = $"{Guid.NewGuid():N}";
        var start = new StartVm(
            Guid.NewGuid(),
            "other",
            "host-1",
            "shop",
            "shop",
            "application",
            false,
            Good,
            Allocation.Of(new CpuShare(0.1), new MemorySize(1)));
        var vm = new RunningVm("shop", "host-1", start, new CpuShare(0.1), new MemorySize(1), "127.0.0.1:8080", 1, 1, null) { Network = 3 };
        var good = new Handshake.Offer(
            "boot", "container", vm, $"/var/lib/agent/moves/shop-{id}", "jri-0123abcd-3", "justrunit_0123abcd_3");
        Assert.Null(OfferCheck.Problem(good, "shop"));
        var clone = new CloneOrigin(new CloneVm(
            "matrix-1", Guid.NewGuid(), "other", "shop", "clone", "sandbox-1", null, DateTimeOffset.UnixEpoch));
        foreach (var offer in new[]
        {
            good with { Vm = vm with { Name = "../../x" } },
            good with { Vm = vm with { Start = start with { Vm = "a:b" } } },
            good with { Vm = vm with { Network = -1 } },
            good with { Vm = vm with { Moves = -1 } },
            good with { Vm = vm with { Moves = int.MaxValue } },
            good with { Vm = vm with { Origin = clone } },
            good with { Vm = vm with { Network = null } },
            good with { Vm = vm with { Endpoint = "127.0.0.1:80\nx" } },
            good with { Vm = vm with { Details = new Dictionary<string, string> { ["tap"] = "tap0\nlink delete eth0" } } },
            good with { Vm = vm with { Start = start with { Program = Good with { Next = "127.0.0.1:80\nx" } } } },
            good with { Namespace = "jri-0123abcd-3 link delete eth0" },
            good with { Namespace = "../x" },
            good with { Namespace = "jri-0123abcd-3\n" },
            good with { Table = "justrunit_0123abcd_3\nadd table inet x" },
            good with { Table = "filter" },
            good with { Record = $"/var/lib/agent/moves/../../../etc/shop-{id}" },
            good with { Record = "/etc/passwd" },
            good with { Record = $"moves/shop-{id}" },
            good with { Record = $"/var/lib/agent/moves/other-{id}" },
        })
        {
            Assert.NotNull(OfferCheck.Problem(offer, null));
        }

        Assert.NotNull(OfferCheck.Problem(good, "bank"));
        Assert.Throws<HostException>(() => OfferCheck.PathOf("images", "-rf"));
        Assert.Throws<HostException>(() => OfferCheck.PathOf("images", "/a/../b"));
        Assert.Throws<HostException>(() => OfferCheck.PathOf("images", "/a\nb"));
    }

    /// <summary>A dot in a name is no ending.</summary>
    [Fact]
    public void What_is_removed_of_one_server_is_not_another_ones_whose_name_begins_alike()
    {
        var settings = Agent.SettingsOf("alike", "vm", Directory.CreateTempSubdirectory("justrunit-alike-").FullName);
        var folder = Directory.CreateDirectory(Path.Combine(settings.StateFolder, "machines")).FullName;
        foreach (var file in new[] { "shop.0.qcow2", "shop.1.qcow2", "shop.old.0.qcow2", "shop.0.0.qcow2", "shop.qmp", "shop.old.qmp" })
            File.WriteAllText(Path.Combine(folder, file), "");
        new VmDisks(settings).Delete("shop");
        Assert.Equal(["shop.0.0.qcow2", "shop.old.0.qcow2", "shop.old.qmp"], Directory.GetFiles(folder).Select(Path.GetFileName).Order());
        Directory.Delete(settings.StateFolder, recursive: true);
    }

    [Fact]
    public void What_was_answered_is_known_after_a_restart_also_when_the_last_line_was_cut_off()
    {
        var settings = Agent.SettingsOf("book", "process", Directory.CreateTempSubdirectory("justrunit-book-").FullName);
        var command = new DestroyClone("matrix-1", Guid.NewGuid(), "book", "clone");
        var answer = new CloneDestroyed("matrix-1", command.RequestId, "book", "clone");
        var book = new AnswerBook(settings);
        Assert.Null(book.Find(command));
        book.Note(command, answer);
        Assert.Equal(answer, book.Find(command));
        File.AppendAllText(Path.Combine(settings.StateFolder, "answers.jsonl"), "{\"command\":\"justrun");
        var next = new AnswerBook(settings);
        Assert.Equal(answer, next.Find(command));
        // What is answered after that is not glued to it.
        var later = command with { RequestId = Guid.NewGuid() };
        next.Note(later, answer with { RequestId = later.RequestId });
        Assert.NotNull(new AnswerBook(settings).Find(later));
        Assert.NotNull(new AnswerBook(settings).Find(command));
        Assert.Null(next.Find(command with { RequestId = Guid.NewGuid() }));
        Directory.Delete(settings.StateFolder, recursive: true);
    }

    [Fact]
    public void What_somebody_else_was_answered_to_a_request_of_that_id_is_no_answer_to_this_one()
    {
        var settings = Agent.SettingsOf("whose", "process", Directory.CreateTempSubdirectory("justrunit-whose-").FullName);
        var command = new SetAllocation("dc/dc-1", Guid.NewGuid(), "whose", "shop", Allocation.Of(new CpuShare(0.5)));
        var operators = command with { Subject = "operator/ann" };
        var refused = new AllocationRefused(operators.Subject, command.RequestId, "whose", "shop", false, "it is on-line");
        new AnswerBook(settings).Note(operators, refused);
        foreach (var book in new[] { new AnswerBook(settings), new AnswerBook(settings) })
        {
            Assert.Null(book.Find(command));
            Assert.Equal(refused, book.Find(operators));
        }

        Directory.Delete(settings.StateFolder, recursive: true);
    }

    [Fact]
    public void What_an_operator_was_answered_is_known_after_a_restart_too()
    {
        var settings = Agent.SettingsOf("settled", "process", Directory.CreateTempSubdirectory("justrunit-settled-").FullName);
        var command = new SettleVm("operator/ann", Guid.NewGuid(), "settled", "shop", Adopt: false);
        var answer = new VmSettled(command.RequestId, "settled", "shop", Adopted: false, Refused: null);
        new AnswerBook(settings).Note(command, answer);
        Assert.Equal(answer, new AnswerBook(settings).Find(command));
        Assert.Null(new AnswerBook(settings).Find(command with { Subject = "operator/bob" }));
        Directory.Delete(settings.StateFolder, recursive: true);
    }

    [Fact]
    public void A_book_of_answers_keeps_the_newest()
    {
        var settings = Agent.SettingsOf("pages", "process", Directory.CreateTempSubdirectory("justrunit-pages-").FullName);
        var book = new AnswerBook(settings);
        var commands = Enumerable.Range(0, 2500).Select(_ => new DestroyClone("matrix-1", Guid.NewGuid(), "pages", "clone")).ToList();
        foreach (var command in commands)
            book.Note(command, new CloneDestroyed("matrix-1", command.RequestId, "pages", "clone"));
        var next = new AnswerBook(settings);
        Assert.Equal(1000, commands.Count(command => next.Find(command) is not null));
        Assert.NotNull(next.Find(commands[^1]));
        Assert.InRange(File.ReadLines(Path.Combine(settings.StateFolder, "answers.jsonl")).Count(), 1000, 2000);
        Directory.Delete(settings.StateFolder, recursive: true);
    }
}
