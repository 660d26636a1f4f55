using System.Text;
using JustRunIt.ProxyNode.MySql;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>What is read of a reply, which may look like another.</summary>
public sealed class MySqlReplyReaderTests
{
    // Packets of a binary row: the byte that an OK packet begins with too, which columns are null, and values (page "Binary Protocol
    // Resultset Row" of the manual); then the end of what was fetched.
    [Theory]
    [InlineData("\x06\0\0\x01\0\0\x01\0\0\0" + "\x05\0\0\x02\xFE\0\0\x02\0")]
    [InlineData("\x06\0\0\x01\0\0\xFB\xFF\xFF\xFF" + "\x05\0\0\x02\xFE\0\0\x02\0")]
    [InlineData("\x03\0\0\x01\0\x04\xFF" + "\x05\0\0\x02\xFE\0\0\x02\0")]
    public void Rows_of_a_cursor_are_no_word_of_success(string reply)
    {
        var reader = new MySqlReplyReader(ServiceRules.None, MySqlCommand.StatementFetch);
        reader.Append(Encoding.Latin1.GetBytes(reply), 0);
        reader.End();
        Assert.Equal((reply.Length, 0UL), (reader.Length, reader.FirstInserted));
    }

    [Fact]
    public void A_word_of_success_says_which_number_was_given()
    {
        var reader = new MySqlReplyReader(ServiceRules.None, MySqlCommand.Query);
        reader.Append(Encoding.Latin1.GetBytes("\x07\0\0\x01\0\x01\x2A\x02\0\0\0"), 0);
        reader.End();
        Assert.Equal(42UL, reader.FirstInserted);
    }
}
