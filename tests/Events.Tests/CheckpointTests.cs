using System.Security.Cryptography;
using JustRunIt.Events.Auditing.Seals;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Sealing;
using static JustRunIt.Events.Tests.Sample;

namespace JustRunIt.Events.Tests;

/// <summary>Checkpoints as C2SP's tlog-checkpoint and signed-note write them, and when they are stated.</summary>
public sealed class CheckpointTests
{
    private static readonly Checkpoint Sealed = Checkpoint.Of("shop", 42, SHA256.HashData([7]));

    [Fact]
    public void A_note_is_read_as_it_was_written_and_its_signature_is_right()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var note = SealKey.Sign(key, "shop", Sealed.Text).ToString();
        Assert.StartsWith($"shop\n42\n{Sealed.Root}\n\n— shop ", note, StringComparison.Ordinal);
        Assert.True(SealedNote.TryRead(note, out var read, out var problem), problem);
        Assert.Equal(Sealed, read.Checkpoint);
        Assert.Equal(note, read.Note.ToString());
        Assert.True(SealKey.Read(SealKey.Of(key).Pem)!.HasSigned(read.Note));
        // The id: the first four bytes before the signature are of the key's hash.
        var bytes = Convert.FromBase64String(note.TrimEnd('\n').Split(' ')[^1]);
        Assert.Equal(SHA256.HashData(key.ExportSubjectPublicKeyInfo())[..4], bytes[..4]);
        Assert.True(key.VerifyData(
            System.Text.Encoding.UTF8.GetBytes(Sealed.Text), bytes[4..], HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
    }

    [Fact]
    public void Another_key_or_another_text_is_not_signed()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var note = SealKey.Sign(key, "shop", Sealed.Text);
        Assert.False(SealKey.Of(other).HasSigned(note));
        Assert.False(SealKey.Of(key).HasSigned(note with { Text = (Sealed with { Size = 43 }).Text }));
        var forged = note.Signatures[0] with { Bytes = SealKey.Sign(other, "shop", Sealed.Text).Signatures[0].Bytes };
        Assert.False(SealKey.Of(key).HasSigned(note with { Signatures = [forged] }));
        Assert.False(SealKey.Of(key).HasSigned(note with { Signatures = [forged with { Bytes = "AAAA" }] }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("shop\n42\n")]
    [InlineData("shop\n42\nroot\n\n— shop AAAAAAAA\n")]
    [InlineData("shop\n042\n{root}\n\n— shop AAAAAAAA\n")]
    [InlineData("shop\n-1\n{root}\n\n— shop AAAAAAAA\n")]
    [InlineData("\n42\n{root}\n\n— shop AAAAAAAA\n")]
    [InlineData("shop\n42\n{root}\n— shop AAAAAAAA\n")]
    [InlineData("shop\n42\n{root}\n\n- shop AAAAAAAA\n")]
    [InlineData("shop\n42\n{root}\n\n— shop AAAA\n")]
    [InlineData("shop\n42\n{root}\n\n— AAAAAAAA\n")]
    [InlineData("shop\n42\n{root}\r\n\n— shop AAAAAAAA\n")]
    [InlineData("shop\n42\n{root}\n\n— shop AAAAAAAA")]
    public void What_is_no_checkpoint_is_refused_with_a_reason(string note)
    {
        Assert.False(SealedNote.TryRead(note.Replace("{root}", Sealed.Root, StringComparison.Ordinal), out _, out var problem));
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void Keys_over_another_curve_and_texts_that_are_no_keys_are_none()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.Null(SealKey.Read(other.ExportSubjectPublicKeyInfoPem()));
        Assert.Null(SealKey.Read("a key"));
        Assert.Null(SealKey.Read(""));
    }

    [Fact]
    public void A_store_without_any_hash_continues_no_checkpoint_of_something()
    {
        Assert.Equal(SealBreak.CutOff, Assert.Single(new SealAuditor([Sealed]).End()).Break);
        Assert.Empty(new SealAuditor([]).End());
    }

    [Fact]
    public void A_checkpoint_is_stated_once_and_each_is_larger_than_the_one_before()
    {
        var stream = Streams.Seal("shop");
        Given.Stream(stream).When(Read(42), new SealingDecider()).Then(Signed(42));
        Given.Stream(stream, Signed(42)).When(Read(43), new SealingDecider()).Then(Signed(43));
        Given.Stream(stream, Signed(42)).When(Read(42), new SealingDecider()).ThenNothing(WhyNothing.Unchanged);
        Given.Stream(stream, Signed(42), Signed(50)).When(Read(49), new SealingDecider()).ThenNothing(WhyNothing.Unchanged);
    }

    private static TreeRead Read(long size) => new("shop", size, Sealed.Root, "note");

    private static CheckpointSigned Signed(long size) => new("shop", size, Sealed.Root, "note", Cause().At);
}
