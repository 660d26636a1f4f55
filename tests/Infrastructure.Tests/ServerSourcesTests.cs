using JustRunIt.Infrastructure.Sources;

namespace JustRunIt.Infrastructure.Tests;

/// <summary>Where test servers come from: the environment, else a container engine that answers, else this machine.</summary>
public sealed class ServerSourcesTests
{
    private readonly List<string> said = [];

    [Theory]
    [InlineData(null, true, true, "environment")]
    [InlineData(null, false, true, "container")]
    [InlineData(null, false, false, "local")]
    [InlineData(ServerSource.Environment, true, true, "environment")]
    [InlineData(ServerSource.Containers, true, false, "container")]
    [InlineData(ServerSource.Local, true, true, "local")]
    public async Task The_first_that_is_there_is_taken_unless_another_is_forced(
        ServerSource? forced, bool isGiven, bool engineAnswers, string expected)
    {
        Assert.Equal(expected, await GetAsync(forced, isGiven, () => Task.FromResult(engineAnswers)));
        Assert.StartsWith("a server: ", Assert.Single(said));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(ServerSource.Environment)]
    public async Task What_the_environment_gives_is_taken_without_a_look_for_an_engine(ServerSource? forced) =>
        Assert.Equal("environment", await GetAsync(forced, isGiven: true, () => throw new InvalidOperationException("asked")));

    [Fact]
    public async Task An_engine_that_answers_and_cannot_run_the_server_is_told_and_passed_over()
    {
        var server = await GetAsync(
            null, false, () => Task.FromResult(true), container: () => throw new InvalidOperationException("no image"));
        Assert.Equal("local", server);
        Assert.Equal(["a server: not in a container, for no image", "a server: a private one on this machine"], said);
    }

    [Fact]
    public async Task Forced_containers_that_cannot_be_had_are_an_error()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => GetAsync(
                ServerSource.Containers, false, () => Task.FromResult(true), () => throw new InvalidOperationException("no image")));
        Assert.Equal("no image", error.Message);
    }

    [Fact]
    public async Task A_forced_environment_that_gives_nothing_is_an_error_that_says_so()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => GetAsync(ServerSource.Environment, isGiven: false, () => Task.FromResult(true)));
        Assert.Equal("JUSTRUNIT_TEST_SERVERS: environment, but the environment gives no address of a server.", error.Message);
    }

    [Fact]
    public void Another_value_is_an_error_that_names_it()
    {
        Assert.Null(ServerSources.Parse(""));
        Assert.Equal(ServerSource.Containers, ServerSources.Parse("containers"));
        var error = Assert.Throws<InvalidOperationException>(() => ServerSources.Parse("docker"));
        Assert.Equal("JUSTRUNIT_TEST_SERVERS: 'docker'; allowed are environment, containers and local.", error.Message);
    }

    [Theory]
    [InlineData("unix:///nonexistent/engine.sock")]
    [InlineData("tcp://127.0.0.1:1")]
    public async Task Where_nobody_listens_no_engine_answers(string address) =>
        Assert.False(await ContainerEngine.AnswersAtAsync(new Uri(address)));

    private Task<string> GetAsync(
        ServerSource? forced, bool isGiven, Func<Task<bool>> engineAnswers, Func<Task<string>>? container = null) => ServerSources.GetAsync(
            "a server",
            forced,
            engineAnswers,
            isGiven ? () => Task.FromResult("environment") : null,
            container ?? (() => Task.FromResult("container")),
            () => Task.FromResult("local"),
            said.Add);
}
