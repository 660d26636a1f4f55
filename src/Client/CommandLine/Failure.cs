using System.ComponentModel;
using System.Net.Sockets;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Hosting.Messaging;
using Npgsql;
using RabbitMQ.Client.Exceptions;

namespace JustRunIt.Client.CommandLine;

/// <summary>An exception that ends a command, as an exit code and one line.</summary>
public static class Failure
{
    /// <summary>
    /// Exit code and line. What was configured wrongly is bad input: a file, a variable, or a server that refuses the password or the
    /// name of the database in it. Everything else is a failure.
    /// </summary>
    public static (int ExitCode, string Line) Of(Exception exception) => exception switch
    {
        ConfigurationException e => (CommandProgram.BadInput, OneLine(e.Message)),
        _ when Broker.Refusal(exception) is { } refusal =>
            (CommandProgram.BadInput, OneLine($"environment: {EnvironmentVariables.RabbitMq}: RabbitMQ refuses: {refusal}")),
        // Classes 28 and 3D: invalid authorization, invalid catalogue name (PostgreSQL manual, appendix A).
        PostgresException { SqlState: ['2', '8', ..] or ['3', 'D', ..] } e =>
            (CommandProgram.BadInput, OneLine($"environment: {EnvironmentVariables.Postgres}: PostgreSQL refuses: {e.Message}")),
        BrokerUnreachableException { InnerException: { } reason } =>
            (CommandProgram.Failed, OneLine($"RabbitMQ does not answer: {Chain(reason)}")),
        PostgresException => (CommandProgram.Failed, OneLine($"PostgreSQL: {Chain(exception)}")),
        NpgsqlException => (CommandProgram.Failed, OneLine($"PostgreSQL does not answer: {Chain(exception)}")),
        RabbitMQClientException => (CommandProgram.Failed, OneLine($"RabbitMQ: {Chain(exception)}")),
        SocketException => (CommandProgram.Failed, OneLine($"a server cannot be reached: {Chain(exception)}")),
        // Of the system, in its words.
        IOException or UnauthorizedAccessException or TimeoutException or InvalidOperationException
            or Win32Exception => (CommandProgram.Failed, OneLine(Chain(exception))),
        // A fault of the program: its name helps whoever reports it.
        _ => (CommandProgram.Failed, OneLine($"{exception.GetType().Name}: {Chain(exception)}")),
    };

    /// <summary>A message of several lines as one.</summary>
    public static string OneLine(string message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return string.Join(' ', message.Split(['\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    /// <summary>What an exception says, and what those say that it came from.</summary>
    private static string Chain(Exception exception)
    {
        var said = new List<string>();
        for (var each = exception; each is not null; each = each.InnerException)
        {
            if (each is not AggregateException && !said.Any(before => before.Contains(each.Message, StringComparison.Ordinal)))
                said.Add(each.Message.TrimEnd('.'));
        }

        return string.Join(": ", said);
    }
}
