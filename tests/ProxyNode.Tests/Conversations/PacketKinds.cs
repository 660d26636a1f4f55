using System.Globalization;
using System.Text;
using JustRunIt.ProxyNode.Ajp;
using JustRunIt.ProxyNode.MySql;
using JustRunIt.ProxyNode.PostgreSql;

namespace JustRunIt.ProxyNode.Tests.Conversations;

/// <summary>Which kinds of packets a conversation holds: recorded vectors must have every kind that peers say.</summary>
internal static class PacketKinds
{
    /// <summary>What must be there.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Expected { get; } = new Dictionary<string, IReadOnlyList<string>>
    {
        ["http"] =
        [
            "request Content-Length", "request Transfer-Encoding", "reply Transfer-Encoding", "reply Content-Length", "HEAD", "POST",
            "Expect",
            "100", "101", "103", "200", "304", "404", "206", "Trailer", "pipelined",
        ],
        ["ajp13"] =
        [
            $"> {AjpPacket.ForwardRequest}", $"> {AjpPacket.CPing}", "> body", "> body end", $"< {AjpPacket.SendBodyChunk}",
            $"< {AjpPacket.SendHeaders}",
            $"< {AjpPacket.EndResponse}", $"< {AjpPacket.GetBodyChunk}", $"< {AjpPacket.CPong}",
        ],
        ["mysql"] =
        [
            .. new[]
            {
                MySqlCommand.Quit, MySqlCommand.InitDb, MySqlCommand.Query, MySqlCommand.Statistics, MySqlCommand.Ping,
                MySqlCommand.StatementSendLongData,
                MySqlCommand.StatementReset,
                MySqlCommand.ChangeUser, MySqlCommand.StatementPrepare, MySqlCommand.StatementExecute, MySqlCommand.StatementClose,
                MySqlCommand.StatementFetch, MySqlCommand.ResetConnection, MySqlCommand.StatementBulkExecute,
            }.Select(command => $"> {command}"),
            "reply ok", "reply error", "several results",
        ],
        ["postgresql"] =
        [
            .. "QPBDESCHcdfXp".Select(
                type => $"> {type}"), .. "RSKZTDCEN12tn3GHdcIs".Select(type => $"< {type}"), "> start-up", "> cancel", "> TLS?",
        ],
    };

    /// <summary>What a conversation has.</summary>
    public static IEnumerable<string> Of(string protocol, IReadOnlyList<Said> parts) => protocol switch
    {
        "http" => OfHttp(parts),
        "ajp13" => OfAjp(parts),
        "mysql" => OfMySql(parts),
        _ => OfPostgreSql(parts),
    };

    private static IEnumerable<string> OfHttp(IReadOnlyList<Said> parts)
    {
        foreach (var part in parts)
        {
            var text = Encoding.Latin1.GetString(part.Bytes);
            var who = part.By == Speaker.Client ? "request" : "reply";
            foreach (var line in text.Split("\r\n"))
            {
                var words = line.Split([' ', ':'], 3);
                if (part.By == Speaker.Server && line.StartsWith("HTTP/1.", StringComparison.Ordinal))
                    yield return words[1];
                else if (line.EndsWith(" HTTP/1.1", StringComparison.Ordinal))
                    yield return words[0];
                else
                    yield return words[0] is "Expect" or "Trailer" ? words[0] : $"{who} {words[0]}";
            }

            if (part.By == Speaker.Client && text.Split(" HTTP/1.1\r\n").Length > 2)
                yield return "pipelined";
        }
    }

    private static IEnumerable<string> OfAjp(IReadOnlyList<Said> parts)
    {
        var inBody = false;
        foreach (var part in parts)
        {
            for (var rest = part.Bytes.AsMemory(); rest.Length >= AjpPacket.HeaderLength;)
            {
                var length = AjpPacket.LengthOf(rest.Span, part.By == Speaker.Server);
                if (length == 0)
                    break;
                var type = length > AjpPacket.HeaderLength ? rest.Span[AjpPacket.HeaderLength] : -1;
                if (part.By == Speaker.Server)
                    yield return $"< {type}";
                else if (length == AjpPacket.HeaderLength)
                    yield return "> body end";
                else
                    yield return inBody ? "> body" : $"> {type}";
                inBody = part.By == Speaker.Client;
                rest = rest[length..];
            }
        }
    }

    private static IEnumerable<string> OfMySql(IReadOnlyList<Said> parts)
    {
        var heard = Hearing.Of("mysql", parts, () => int.MaxValue);
        foreach (var happened in heard.Events)
        {
            var words = happened.Split(' ');
            if (words[0] == "request" && words[2] == "begins")
                yield return $"> {(MySqlCommand)int.Parse(words[1], CultureInfo.InvariantCulture)}";
            else if (words[0] == "reply")
                yield return happened.Contains("status 0", StringComparison.Ordinal) ? "reply ok" : "reply error";
        }

        if (parts.Any(part => part.By == Speaker.Client
            && Encoding.Latin1.GetString(part.Bytes).Contains("SELECT 1; SELECT 2", StringComparison.Ordinal)))
            yield return "several results";
    }

    private static IEnumerable<string> OfPostgreSql(IReadOnlyList<Said> parts)
    {
        var isStarted = false;
        foreach (var part in parts)
        {
            for (var rest = part.Bytes.AsMemory(); !rest.IsEmpty;)
            {
                if (part.By == Speaker.Client && !isStarted)
                {
                    var code = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(rest.Span[4..]);
                    yield return code switch { PgMessage.TlsRequest => "> TLS?", PgMessage.CancelRequest => "> cancel", _ => "> start-up" };
                    isStarted = code >> 16 == PgMessage.MajorVersion;
                    break;
                }

                if (rest.Length < PgMessage.HeaderLength)
                    break;
                yield return $"{(part.By == Speaker.Client ? '>' : '<')} {(char)rest.Span[0]}";
                rest = rest[(int)Math.Min(rest.Length, PgMessage.LengthOf(rest.Span))..];
            }
        }
    }
}
