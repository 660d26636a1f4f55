using System.Text;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Sql;

namespace JustRunIt.ProxyNode.MySql;

/// <content>What the server says, and what its answers leave in the session.</content>
internal sealed partial class MySqlDialogue
{
    private void ServerPacket(Span<byte> start, int length)
    {
        switch (phase)
        {
            case Phase.Greeting:
                if (start.IsEmpty || start[0] == MySqlPacket.Error)
                    return;
                Greeting = MySqlGreeting.Parse(start);
                MySqlGreeting.Restrict(start);
                Greeting = MySqlGreeting.Parse(start);
                phase = Phase.Login;
                return;
            case Phase.Authentication:
                if (!start.IsEmpty && start[0] == MySqlPacket.Ok)
                    phase = Phase.Commands;
                else if (!start.IsEmpty && start[0] == MySqlPacket.Eof && start.Length > 1)
                    Ask(start);
                return;
            case Phase.Login:
                return;
        }

        // A packet that nobody asked for: the server says why it ends the connection.
        if (unanswered.Count == 0)
            return;
        if (!inReply)
        {
            reply = new MySqlReply(unanswered.Peek().Command, DeprecateEof);
            inReply = true;
        }

        reply.Packet(start, length);
        if (unanswered.Peek().Command == MySqlCommand.ChangeUser && start is [MySqlPacket.Eof, _, ..])
            Ask(start);
        if (!reply.AwaitsFile)
            return;
        reply.AwaitsFile = false;
        sendsFile = refusesFiles ? throw new ProtocolException("a MySQL server that asks for a file where it gets none") : true;
    }

    /// <summary>The server asks anew, in a way of its own (authentication method switch request).</summary>
    private void Ask(ReadOnlySpan<byte> payload)
    {
        // What cannot be read is the server's and the client's affair: it is relayed, and cannot be repeated.
        var name = payload[1..];
        var end = name.IndexOf((byte)0);
        asked = end < 0
            ? new MySqlProof(asked!.User, "", [], [])
            : new MySqlProof(asked!.User, Encoding.UTF8.GetString(name[..end]), name[(end + 1)..].ToArray(), []);
        isAsked = true;
    }

    private void EndReply(ref ServerStep step)
    {
        var answered = unanswered.Dequeue();
        inReply = false;
        if (reply.Status is { } now)
            Session.InTransaction = (now & MySqlPacket.InTransaction) != 0;
        if (reply.ErrorCode == Deadlock)
            Session.InTransaction = false;
        var isLast = answered is { Command: MySqlCommand.StatementExecute, Statement: MySqlStatement.LastPrepared };
        Statements.TryGetValue(isLast ? lastPrepared : answered.Statement, out var statement);
        if (isLast && answered.Text is { } bound)
            statement?.Bind(bound);
        if (statement is not null && answered.Command is MySqlCommand.StatementExecute or MySqlCommand.StatementReset)
            (statement!.HasPieces, statement.HasCursor) = (false, false);
        Session.HasAsked = true;
        if (reply.ErrorCode == 0)
            Succeeded(answered, statement);
        else
            Failed(answered, statement);
        // Another one may have been asked for behind it.
        if (answered.Command == MySqlCommand.ChangeUser && ReferenceEquals(changing, answered.Login))
            changing = null;
        step.Ends = true;
        step.Status = reply.ErrorCode;
        step.IsError = reply.ErrorCode != 0;
    }

    /// <summary>What an answer without an error leaves in the session.</summary>
    private void Succeeded(in Asked answered, MySqlStatement? statement)
    {
        switch (answered.Command)
        {
            case MySqlCommand.StatementPrepare when reply.Prepared is { } prepared:
                lastPrepared = prepared;
                Statements[prepared] = new MySqlStatement(
                    LosslessText.Of(answered.Text), reply.Parameters, Session.Database, parsing: Session.Parsing);
                break;
            case MySqlCommand.Query when answered is { IsCut: true, Text: { } beginning }:
                Session.ExecuteCut(beginning);
                break;
            case MySqlCommand.Query when answered.Text is { } text:
                Session.Execute(text);
                break;
            case MySqlCommand.StatementExecute when statement is not null:
                statement.HasCursor = (reply.Status & MySqlPacket.CursorExists) is > 0;
                if (statement.MayChange)
                    Session.Execute(statement.Bytes.Span, 0, null, ParametersOf(answered));
                break;
            case MySqlCommand.StatementFetch when statement is not null && (reply.Status & MySqlPacket.LastRowSent) is > 0:
                statement.HasCursor = false;
                break;
            case MySqlCommand.InitDb:
                Session.Database = Encoding.UTF8.GetString(answered.Text ?? []);
                break;
            case MySqlCommand.SetOption:
                Session.Option = answered.Text;
                break;
            case MySqlCommand.ResetConnection:
                Session.Reset();
                break;
            case MySqlCommand.ChangeUser:
                Session.LogsIn(Login = answered.Login!);
                break;
        }
    }

    /// <summary>
    /// What an answer with an error leaves: of several statements those before it were executed, and who was not let in as somebody else
    /// has lost what he had all the same.
    /// </summary>
    private void Failed(in Asked answered, MySqlStatement? statement)
    {
        switch (answered.Command)
        {
            case MySqlCommand.Query when answered is { IsCut: true, Text: { } beginning } && reply.Results is not null:
                Session.ExecuteCut(beginning);
                break;
            case MySqlCommand.Query when answered is { IsCut: false, Text: { } text }:
                Session.Execute(text, reply.ErrorCode, reply.Results);
                break;
            case MySqlCommand.StatementExecute when statement is { MayChange: true }:
                Session.Execute(statement.Bytes.Span, reply.ErrorCode, null, ParametersOf(answered));
                break;
            case MySqlCommand.ChangeUser:
                (asked, isAsked) = (askedBefore, false);
                Session.Reset();
                break;
        }
    }

    /// <summary>The context of the command that came last, if those before it succeed, as those do that a pool sends together.</summary>
    private string ExpectedContext()
    {
        // What a client has sent ahead is read again with each command behind it: only as much as a pool sends.
        if (unanswered.Count > MostExpected)
            return Session.Context;
        var before = unanswered.Take(unanswered.Count - 1).ToArray();
        if (before.Sum(waiting => waiting.Command == MySqlCommand.Query ? waiting.Text?.Length ?? 0 : 0) > MySqlSession.LongestRead)
            return Session.Context;
        var expected = Session.Copy(withStatements: false);
        foreach (var waiting in before)
        {
            if (waiting.Command == MySqlCommand.ResetConnection)
                expected.Reset();
            else if (waiting is { Command: MySqlCommand.InitDb, Text: { } database })
                expected.Database = Encoding.UTF8.GetString(database);
            else if (waiting is { Command: MySqlCommand.Query, Text: { } text, IsCut: false })
                expected.Execute(text);
        }

        return expected.Context;
    }

    private static string ParametersOf(in Asked answered) => MySqlText.Separator
        + (answered.Text is { Length: <= MySqlSession.LongestRead } parameters ? Encoding.Latin1.GetString(parameters) : "?");

    /// <summary>A command that is not answered yet.</summary>
    /// <param name="Command">Which.</param>
    /// <param name="Statement">The prepared statement that it names, if it is of a kind that names one.</param>
    /// <param name="Text">Its argument, if that may leave something in the session.</param>
    /// <param name="IsCut">The argument is only the beginning of it.</param>
    /// <param name="Login">Who asks to be somebody else, whoever that is.</param>
    private readonly record struct Asked(MySqlCommand Command, uint Statement, byte[]? Text, bool IsCut, MySqlLogin? Login = null);
}
