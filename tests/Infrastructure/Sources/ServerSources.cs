namespace JustRunIt.Infrastructure.Sources;

/// <summary>
/// Gets servers for tests: the one whose address the environment gives, else a container where an engine answers, else a private one
/// on this machine. Which it was is told in one line of the test run's output.
/// </summary>
public static class ServerSources
{
    /// <summary>Forces a source: <c>environment</c>, <c>containers</c> or <c>local</c>.</summary>
    public const string Variable = "JUSTRUNIT_TEST_SERVERS";

    /// <summary>The source that is forced; null if none is.</summary>
    /// <exception cref="InvalidOperationException">The variable has another value; says which are allowed.</exception>
    public static ServerSource? Forced => Parse(Environment.GetEnvironmentVariable(Variable));

    /// <summary>Gets a server.</summary>
    /// <param name="what">What is wanted, for the line of output.</param>
    /// <param name="fromEnvironment">The server that the environment names; null if it names none.</param>
    /// <param name="inContainer">Starts it in a container.</param>
    /// <param name="locally">Starts it on this machine.</param>
    public static Task<T> GetAsync<T>(string what, Func<Task<T>>? fromEnvironment, Func<Task<T>> inContainer, Func<Task<T>> locally) =>
        GetAsync(what, Forced, ContainerEngine.AnswersAsync, fromEnvironment, inContainer, locally, TestOutput.Say);

    /// <summary>The same, with everything that decides given.</summary>
    internal static async Task<T> GetAsync<T>(
        string what,
        ServerSource? forced,
        Func<Task<bool>> engineAnswers,
        Func<Task<T>>? fromEnvironment,
        Func<Task<T>> inContainer,
        Func<Task<T>> locally,
        Action<string> say)
    {
        if (forced is ServerSource.Environment && fromEnvironment is null)
            throw new InvalidOperationException($"{Variable}: environment, but the environment gives no address of {what}.");
        if (fromEnvironment is not null && forced is null or ServerSource.Environment)
            return await FromAsync(fromEnvironment!, "at the address that the environment gives").ConfigureAwait(false);
        if (forced is ServerSource.Containers)
            return await FromAsync(inContainer, "in a container").ConfigureAwait(false);
        if (forced is null && await engineAnswers().ConfigureAwait(false))
        {
            try
            {
                return await FromAsync(inContainer, "in a container").ConfigureAwait(false);
            }
            catch (Exception error)
            {
                // An engine that cannot get the image is no reason to test nothing, but one to be told.
                say($"{what}: not in a container, for {FirstLine(error.Message)}");
            }
        }

        return await FromAsync(locally, "a private one on this machine").ConfigureAwait(false);

        async Task<T> FromAsync(Func<Task<T>> source, string where)
        {
            var server = await source().ConfigureAwait(false);
            say($"{what}: {where}");
            return server;
        }
    }

    /// <summary>Reads the variable's value.</summary>
    internal static ServerSource? Parse(string? value) => value switch
    {
        null or "" => null,
        "environment" => ServerSource.Environment,
        "containers" => ServerSource.Containers,
        "local" => ServerSource.Local,
        _ => throw new InvalidOperationException($"{Variable}: '{value}'; allowed are environment, containers and local."),
    };

    private static string FirstLine(string text) => text.Split('\n', 2)[0].Trim();
}
