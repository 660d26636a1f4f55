using System.Text;
using JustRunIt.Hosting.Secrets;

namespace JustRunIt.Hosting.Logging;

/// <summary>Text that comes from anywhere, on one line and without characters that a terminal obeys.</summary>
public static class OneLine
{
    private const int Longest = 4000;

    /// <summary>Control characters become spaces, a run of them one; what is too long is cut, what nobody must read taken out.</summary>
    public static string Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        text = Redaction.Default.Text(text);
        if (text.Length <= Longest && !text.Any(char.IsControl))
            return text;
        var line = new StringBuilder(Math.Min(text.Length, Longest));
        foreach (var c in text)
        {
            if (line.Length == Longest)
                return line.Append('…').ToString();
            if (!char.IsControl(c))
                line.Append(c);
            else if (line.Length > 0 && line[^1] != ' ')
                line.Append(' ');
        }

        return line.ToString().TrimEnd();
    }

    /// <summary>An exception's type and message, and those of what caused it where they say more.</summary>
    public static string Of(Exception e)
    {
        ArgumentNullException.ThrowIfNull(e);
        // An aggregate of one says nothing of its own.
        while (e is AggregateException { InnerExceptions: [var only] })
            e = only;
        var text = new StringBuilder($"{e.GetType().Name}: {e.Message}");
        for (var inner = e.InnerException; inner is not null; inner = inner.InnerException)
        {
            if (!text.ToString().Contains(inner.Message, StringComparison.Ordinal))
                text.Append(" <- ").Append(inner.GetType().Name).Append(": ").Append(inner.Message);
        }

        return Of(text.ToString());
    }
}
