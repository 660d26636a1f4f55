using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using JustRunIt.ProxyNode.Tests.Conversations;

namespace JustRunIt.ProxyNode.Tests.Fuzzing;

/// <summary>
/// Makes conversations that never were out of those that were: knows where lines or packets begin, where their lengths are,
/// and words that matter.
/// </summary>
internal sealed class Mutator(string protocol, Random random)
{
    private const int MostMutations = 4;
    private const int LongestRun = 70_000;

    private static readonly byte[] Interesting = [0, 1, 2, 3, 5, 9, 10, 13, 32, 48, 58, 59, 0x7F, 0x80, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF];

    private readonly IReadOnlyList<Conversation> recorded = Conversation.Of(protocol);
    private readonly byte[][] words =
    [
        .. (protocol switch
        {
            "http" =>
            [
                "Content-Length: 5\r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding : chunked\r\n",
                "\r\n", "\n", "\r", " ", "\t",
                "0\r\n\r\n", "5\r\nhello\r\n", "FFFFFFFFFFFFFFF\r\n", ";x=\"", "Connection: close\r\n",
                "Connection: upgrade\r\nUpgrade: x\r\n", "Expect: 100-continue\r\n",
                "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
                "HTTP/1.0 200 OK\r\n\r\n", "HEAD / HTTP/1.1\r\n\r\n",
                "CONNECT a:1 HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "Set-Cookie: JSESSIONID=ABCDEF; Path=/\r\n",
                "Cookie: JSESSIONID=ABCDEF\r\n", ";jsessionid=ABCDEF", "?", "\0", "%",
            ],
            "ajp13" => [
                "\x12\x34\0\0",
                "\x12\x34\0\x01\x0A",
                "AB\0\x01\x09",
                "AB\0\x03\x06\x1F\xFA",
                "AB\0\x02\x05\x01",
                "AB\0\x02\x05\0",
                "\xFF\xFF",
                "\xA0\x08",
                "\xA0\x09",
                "\xFF",
                "\0\0\0"
            ],
            "mysql" => [
                "\x01\0\0\0\x01",
                "\x01\0\0\0\x0E",
                "\x05\0\0\0\x17\x01\0\0\0",
                "\x07\0\0\x01\0\0\0\x02\0\0\0",
                "\x05\0\0\x01\xFE\0\0\x02\0",
                "\xFF\xFF\xFF",
                "\xFB",
                "\xFE",
                "\0\0\0\0",
                "\x01\0\0\x01\xFB"
            ],
            _ => (string[])[
                "S\0\0\0\x04",
                "Z\0\0\0\x05I",
                "X\0\0\0\x04",
                "H\0\0\0\x04",
                "c\0\0\0\x04",
                "Q\0\0\0\x05\0",
                "1\0\0\0\x04",
                "G\0\0\0\x07\0\0\0",
                "W\0\0\0\x07\0\0\0",
                "\xFF\xFF\xFF\xFF",
                "\0",
                "E\0\0\0\x05\0"
            ],
        }).Select(Encoding.Latin1.GetBytes),
    ];

    /// <summary>The next one.</summary>
    public IReadOnlyList<Said> Next()
    {
        var parts = recorded[random.Next(recorded.Count)].Parts.ToList();
        // Far into a conversation is rarely where it gets interesting, and long ones are slow.
        if (parts.Count > 12 && random.Next(4) > 0)
        {
            var from = random.Next(2) == 0 ? 0 : random.Next(parts.Count / 2) & ~1;
            parts = [.. parts.Take(from > 0 ? 4 : 0), .. parts.Skip(from).Take(random.Next(2, 12))];
        }

        for (var left = random.Next(1, MostMutations + 1); left > 0; left--)
            Mutate(parts);
        return parts;
    }

    private void Mutate(List<Said> parts)
    {
        var place = random.Next(parts.Count);
        switch (random.Next(20))
        {
            case 0 when parts.Count > 1:
                parts.RemoveAt(place);
                return;
            case 1:
                parts.Insert(place, parts[random.Next(parts.Count)]);
                return;
            case 2:
                var other = recorded[random.Next(recorded.Count)].Parts;
                parts.Insert(place, other[random.Next(other.Count)]);
                return;
            default:
                parts[place] = parts[place] with { Bytes = Mutate(parts[place].Bytes) };
                return;
        }
    }

    private byte[] Mutate(byte[] bytes)
    {
        if (bytes.Length == 0)
            return words[random.Next(words.Length)];
        var copy = bytes.ToArray();
        var at = random.Next(bytes.Length);
        var units = Units(bytes);
        var (from, length) = units[random.Next(units.Count)];
        switch (random.Next(12))
        {
            case 0:
                copy[at] ^= (byte)(1 << random.Next(8));
                return copy;
            case 1:
                copy[at] = Interesting[random.Next(Interesting.Length)];
                return copy;
            case 2:
                return [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + random.Next(1, 9))..]];
            case 3:
                return [.. bytes[..from], .. bytes[from..(from + length)], .. bytes[from..]];
            case 4:
                return [.. bytes[..from], .. bytes[(from + length)..]];
            case 5:
                var (second, secondLength) = units[random.Next(units.Count)];
                return [.. bytes[..from], .. bytes[second..(second + secondLength)], .. bytes[(from + length)..]];
            case 6:
                return [.. bytes[..from], .. words[random.Next(words.Length)], .. bytes[from..]];
            case 7:
                return [.. bytes[..at], .. words[random.Next(words.Length)], .. bytes[at..]];
            case 8:
                return bytes[..at];
            case 9:
                ChangeLength(copy, from);
                return copy;
            case 10 when random.Next(8) == 0:
                return [.. bytes[..at], .. Enumerable.Repeat(
                    Interesting[random.Next(Interesting.Length)], random.Next(LongestRun)), .. bytes[at..]];
            default:
                return ChangeNumber(bytes);
        }
    }

    /// <summary>Where the lines, or packets, of some bytes begin, and how long they are.</summary>
    private List<(int From, int Length)> Units(byte[] bytes)
    {
        var units = new List<(int, int)>();
        for (var at = 0; at < bytes.Length;)
        {
            var rest = bytes.AsSpan(at);
            long length = protocol switch
            {
                "http" => rest.IndexOf("\r\n"u8) is >= 0 and var end ? end + 2 : rest.Length,
                "ajp13" => rest.Length >= 4 ? 4 + BinaryPrimitives.ReadUInt16BigEndian(rest[2..]) : rest.Length,
                "mysql" => rest.Length >= 4 ? 4 + (rest[0] | (rest[1] << 8) | (rest[2] << 16)) : rest.Length,
                _ => rest[0] == 0 ? rest.Length : rest.Length >= 5 ? 1L + BinaryPrimitives.ReadUInt32BigEndian(rest[1..]) : rest.Length,
            };
            length = Math.Clamp(length, 1, rest.Length);
            units.Add((at, (int)length));
            at += (int)length;
        }

        return units;
    }

    private void ChangeLength(byte[] bytes, int from)
    {
        var (at, size) = protocol switch { "ajp13" => (from + 2, 2), "mysql" => (from, 3), "postgresql" => (from + 1, 4), _ => (from, 0) };
        for (var i = 0; i < size && at + i < bytes.Length; i++)
        {
            if (random.Next(size) == 0)
                bytes[at + i] = random.Next(2) == 0
                    ? Interesting[random.Next(Interesting.Length)]
                    : (byte)(bytes[at + i] + random.Next(-2, 3));
        }
    }

    private byte[] ChangeNumber(byte[] bytes)
    {
        var from = Array.FindIndex(bytes, random.Next(bytes.Length), c => c is >= (byte)'0' and <= (byte)'9');
        if (from < 0)
            return bytes;
        var to = from;
        while (to < bytes.Length && bytes[to] is >= (byte)'0' and <= (byte)'9')
            to++;
        string[] numbers = [
            "0",
            "1",
            "-1",
            "+1",
            "00000000000000000001",
            "65535",
            "2147483648",
            "4294967296",
            "9223372036854775808",
            "0x10",
            "1e3",
            " 1",
            random.Next(300).ToString(CultureInfo.InvariantCulture)
        ];
        return [.. bytes[..from], .. Encoding.ASCII.GetBytes(numbers[random.Next(numbers.Length)]), .. bytes[to..]];
    }
}
