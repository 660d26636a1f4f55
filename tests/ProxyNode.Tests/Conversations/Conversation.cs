using System.Globalization;
using System.Text;

namespace JustRunIt.ProxyNode.Tests.Conversations;

/// <summary>Who said a run of bytes.</summary>
internal enum Speaker
{
    Client,
    Server,
}

/// <summary>Bytes that one side of a connection said at once.</summary>
internal sealed record Said(Speaker By, byte[] Bytes);

/// <summary>
/// Everything that was said on one connection, in order. Its file is readable: a line begins with <c>&gt;</c> where the client
/// says something, with <c>&lt;</c> where the server does, with <c>|</c> where that goes on, and with <c>#</c> where it is a
/// comment; bytes that are no printable ASCII are <c>\xNN</c>.
/// </summary>
internal sealed record Conversation(string Name, string Protocol, IReadOnlyList<Said> Parts)
{
    private const int LongestLine = 120;

    /// <summary>The recorded ones, beside the tests.</summary>
    public static string Folder => Path.Combine(AppContext.BaseDirectory, "Vectors");

    /// <summary>Every recorded conversation; its protocol is its folder.</summary>
    public static IReadOnlyList<Conversation> All { get; } =
    [
        .. Directory.GetFiles(Folder, "*.txt", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(Read),
    ];

    /// <summary>The recorded conversations of a protocol.</summary>
    public static IReadOnlyList<Conversation> Of(string protocol) => [.. All.Where(conversation => conversation.Protocol == protocol)];

    public static Conversation Read(string file) => new(
        Path.GetFileNameWithoutExtension(file), Path.GetFileName(Path.GetDirectoryName(file))!, Parse(File.ReadLines(file)));

    public static IReadOnlyList<Said> Parse(IEnumerable<string> lines)
    {
        var parts = new List<Said>();
        foreach (var line in lines.Where(line => line.Length > 0 && line[0] != '#'))
        {
            var bytes = Unescape(line[1..]);
            if (line[0] == '|')
                parts[^1] = parts[^1] with { Bytes = [.. parts[^1].Bytes, .. bytes] };
            else
                parts.Add(new Said(line[0] == '>' ? Speaker.Client : Speaker.Server, bytes));
        }

        return parts;
    }

    /// <summary>Writes it to a file.</summary>
    public void Write(string file, string comment)
    {
        var text = new StringBuilder();
        foreach (var line in comment.Split('\n'))
            text.Append("# ").Append(line).Append('\n');
        foreach (var part in Parts)
        {
            var start = part.By == Speaker.Client ? '>' : '<';
            var line = new StringBuilder().Append(start);
            foreach (var c in part.Bytes)
            {
                line.Append(Escape(c));
                if (line.Length < LongestLine)
                    continue;
                text.Append(line).Append('\n');
                line.Clear().Append('|');
            }

            text.Append(line).Append('\n');
        }

        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text.ToString());
    }

    private static string Escape(byte c) => c switch
    {
        (byte)'\\' => @"\\",
        (byte)'\r' => @"\r",
        (byte)'\n' => @"\n",
        >= (byte)' ' and < 0x7F => ((char)c).ToString(),
        _ => string.Create(CultureInfo.InvariantCulture, $"\\x{c:x2}"),
    };

    private static byte[] Unescape(string text)
    {
        var bytes = new List<byte>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                bytes.Add((byte)text[i]);
                continue;
            }

            i++;
            bytes.Add(text[i] switch
            {
                'r' => (byte)'\r',
                'n' => (byte)'\n',
                'x' => byte.Parse(text.AsSpan((i += 2) - 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                var c => (byte)c,
            });
        }

        return [.. bytes];
    }
}
