using System.Buffers.Binary;
using System.Text;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>The parameters of a Bind message (PostgreSQL manual, "Message Formats"), behind the names of portal and statement.</summary>
internal sealed class PgBind
{
    private readonly short[] formats;
    private readonly byte[] rest;

    private PgBind(short[] formats, int firstValue, List<byte[]?> values, byte[] rest) =>
        (this.formats, FirstValue, Values, this.rest) = (formats, firstValue, values, rest);

    /// <summary>Where the first value's length is in the message's body.</summary>
    public int FirstValue { get; }

    /// <summary>The values; null of a NULL.</summary>
    public List<byte[]?> Values { get; }

    /// <summary>Whether a value is in binary.</summary>
    public bool IsBinary(int place) => formats.Length switch
    {
        0 => false,
        1 => formats[0] == 1,
        var count => place < count && formats[place] == 1,
    };

    /// <summary>Reads them.</summary>
    /// <param name="body">Of the message.</param>
    /// <param name="from">Where the parameters begin.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is cut off.</exception>
    public static PgBind Parse(ReadOnlySpan<byte> body, int from)
    {
        var at = from;
        // No more than there can be: a few bytes may say that there are many.
        var formats = new short[Math.Clamp((int)Short(body, ref at), 0, (body.Length / sizeof(short)) + 1)];
        for (var i = 0; i < formats.Length; i++)
            formats[i] = Short(body, ref at);
        var count = Short(body, ref at);
        var first = at;
        var values = new List<byte[]?>(Math.Clamp((int)count, 0, body.Length / sizeof(int)));
        for (var i = 0; i < count; i++)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(body[at..]);
            at += sizeof(int);
            values.Add(length < 0 ? null : body.Slice(at, length).ToArray());
            at += Math.Max(length, 0);
        }

        return new PgBind(formats, first, values, body[at..].ToArray());
    }

    /// <summary>The values of a message's body, a byte a character; none of one that is cut off.</summary>
    public static List<string?> TextsOf(ReadOnlySpan<byte> body, int from)
    {
        try
        {
            return Parse(body, from).Values.ConvertAll(value => value is null ? null : Encoding.Latin1.GetString(value));
        }
        catch (ArgumentOutOfRangeException)
        {
            return [];
        }
    }

    /// <summary>The message's body with these values.</summary>
    /// <param name="names">What comes before the parameters.</param>
    public byte[] ToBody(ReadOnlySpan<byte> names)
    {
        using var body = new MemoryStream();
        Span<byte> number = stackalloc byte[sizeof(int)];
        body.Write(names);
        Write(body, number, (short)formats.Length);
        foreach (var format in formats)
            Write(body, number, format);
        Write(body, number, (short)Values.Count);
        foreach (var value in Values)
        {
            BinaryPrimitives.WriteInt32BigEndian(number, value?.Length ?? -1);
            body.Write(number);
            body.Write(value);
        }

        body.Write(rest);
        return body.ToArray();
    }

    private static void Write(MemoryStream to, Span<byte> number, short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(number, value);
        to.Write(number[..sizeof(short)]);
    }

    private static short Short(ReadOnlySpan<byte> body, ref int at)
    {
        var value = BinaryPrimitives.ReadInt16BigEndian(body[at..]);
        at += sizeof(short);
        return value;
    }
}
