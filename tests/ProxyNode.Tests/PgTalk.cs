using System.Text;
using JustRunIt.ProxyNode.PostgreSql;
using JustRunIt.ProxyNode.Tests.Peers;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>What a client and a server of PostgreSQL say to each other after the log-in, heard by a dialogue.</summary>
internal sealed class PgTalk
{
    public PgTalk(params (string Name, string Value)[] parameters) => Dialogue.StartAtRequests(
        said: parameters.SelectMany(parameter => Parameter(parameter.Name, parameter.Value)).ToArray());

    public PgDialogue Dialogue { get; } = new();

    /// <summary>What a new connection of the session would be told first.</summary>
    public IEnumerable<string> Statements => Dialogue.Facts.Statements;

    public static byte[] Parameter(string name, string value) => PgMessage.Frame('S', Encoding.Latin1.GetBytes($"{name}\0{value}\0"));

    public static byte[] Done(string tag) => PgMessage.Frame('C', Encoding.ASCII.GetBytes(tag + "\0"));

    public static byte[] Failed => PgMessage.Error(fatal: false, "22012", "division by zero");

    public static byte[] Ready(char status) => PgMessage.Frame('Z', [(byte)status]);

    /// <summary>The client says something.</summary>
    public PgTalk Client(params byte[][] messages)
    {
        var bytes = messages.SelectMany(part => part).ToArray();
        for (var at = 0; at < bytes.Length;)
        {
            var taken = Dialogue.FromClient(bytes.AsSpan(at), out _);
            Assert.True(taken > 0, "a message without its end");
            at += taken;
        }

        return this;
    }

    /// <summary>The server says something.</summary>
    public PgTalk Server(params byte[][] messages)
    {
        var bytes = messages.SelectMany(part => part).ToArray();
        for (var at = 0; at < bytes.Length;)
            at += Dialogue.FromServer(bytes.AsSpan(at), out _);
        return this;
    }

    /// <summary>A simple query and its reply.</summary>
    /// <param name="sql">The text.</param>
    /// <param name="said">The tags of what is done, "!" for an error, and the transaction's status, such as <c>SET|SET T</c>.</param>
    public PgTalk Ask(string sql, string said)
    {
        var tags = said[..^1].Trim().Split('|', StringSplitOptions.RemoveEmptyEntries);
        return Client(RawPostgreSql.Query(sql)).Server([.. tags.Select(tag => tag == "!" ? Failed : Done(tag)), Ready(said[^1])]);
    }

    /// <summary>A statement by the extended protocol, unless it fails.</summary>
    public PgTalk Execute(string sql, string tag, params string[] values) => Client(
            RawPostgreSql.Parse("", sql), RawPostgreSql.Bind("", "", values), RawPostgreSql.Execute(""), RawPostgreSql.Sync)
        .Server(PgMessage.Frame('1', []), PgMessage.Frame('2', []), Done(tag), Ready('I'));
}
