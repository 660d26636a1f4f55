using System.Text;

namespace JustRunIt.ProxyNode.Protocols;

/// <summary>
/// Looks for words in what a client has sent, without an allocation: nearly nothing has them, and each message is looked at.
/// </summary>
internal static class WordSearch
{
    /// <summary>Whether a text has a word in whatever case.</summary>
    /// <param name="text">The text.</param>
    /// <param name="word">In lower case.</param>
    /// <param name="rare">Where the word has its rarest character, by which it is searched for.</param>
    public static bool Contains(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word, int rare)
    {
        for (var (from, letter) = (rare, word[rare]); from < text.Length;)
        {
            var found = text[from..].IndexOfAny(letter, char.IsAsciiLetterLower((char)letter) ? (byte)(letter & ~0x20) : letter);
            if (found < 0)
                return false;
            var start = from + found - rare;
            if (start + word.Length <= text.Length && Ascii.EqualsIgnoreCase(text.Slice(start, word.Length), word))
                return true;
            from += found + 1;
        }

        return false;
    }
}
