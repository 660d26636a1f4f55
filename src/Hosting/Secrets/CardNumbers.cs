using System.Text;

namespace JustRunIt.Hosting.Secrets;

/// <summary>
/// Numbers like those of payment cards (ISO/IEC 7812): 13 to 19 digits, in groups or not, whose last one is their check digit.
/// </summary>
internal static class CardNumbers
{
    private const int Shortest = 13;
    private const int Longest = 19;

    /// <summary>The text with something in the place of each.</summary>
    public static string Replace(string text, string mark)
    {
        StringBuilder? replaced = null;
        var kept = 0;
        for (var at = 0; at < text.Length;)
        {
            if (!char.IsAsciiDigit(text[at]) || (at > 0 && char.IsAsciiDigit(text[at - 1])))
            {
                at++;
                continue;
            }

            var end = EndOfNumber(text, at);
            if (end == 0)
            {
                at++;
                continue;
            }

            replaced ??= new StringBuilder(text.Length);
            replaced.Append(text, kept, at - kept).Append(mark);
            at = kept = end;
        }

        return replaced is null ? text : replaced.Append(text, kept, text.Length - kept).ToString();
    }

    /// <summary>Where the number that begins here ends: at the end of a group; 0 when none begins here. The longest counts.</summary>
    private static int EndOfNumber(string text, int from)
    {
        Span<byte> digits = stackalloc byte[Longest];
        var (count, end) = (0, 0);
        for (var at = from; at < text.Length; at++)
        {
            if (char.IsAsciiDigit(text[at]))
            {
                if (count == Longest)
                    break;
                digits[count++] = (byte)(text[at] - '0');
                var groupEnds = at + 1 == text.Length || !char.IsAsciiDigit(text[at + 1]);
                if (groupEnds && count >= Shortest && IsChecked(digits[..count]))
                    end = at + 1;
            }
            else if (text[at] is not (' ' or '-' or '+' or '.') || !char.IsAsciiDigit(text[at - 1]))
            {
                break;
            }
        }

        return end;
    }

    /// <summary>Luhn's formula. Zeros alone are no number.</summary>
    private static bool IsChecked(ReadOnlySpan<byte> digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = digits[^(i + 1)];
            var twice = digit * 2;
            sum += i % 2 == 0 ? digit : twice > 9 ? twice - 9 : twice;
        }

        return sum > 0 && sum % 10 == 0;
    }
}
