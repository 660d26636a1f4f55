using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Files;
using JustRunIt.Hosting.Files;

namespace JustRunIt.HostAgent.Secrets;

/// <summary>
/// The JSON of the agent's own files, in which a server's environment is sealed: it must be known after a restart, and a copy of the
/// file, a backup or a look at it must tell nobody. The key is a file of its own in the state folder. Files of earlier versions, in clear,
/// are read all the same.
/// </summary>
internal sealed class SealedEnvironment
{
    private const string KeyFile = "key";
    private const string Prefix = "sealed:v1:";
    private const int KeyLength = 32;
    private const int NonceLength = 12;
    private const int TagLength = 16;

    private readonly string file;
    private byte[]? key;

    public SealedEnvironment(AgentSettings settings)
    {
        file = Path.Combine(settings.StateFolder, KeyFile);
        Json = new JsonSerializerOptions(Wire.Json) { Converters = { new Converter(this) } };
    }

    /// <summary>Writes and reads what the agent keeps.</summary>
    public JsonSerializerOptions Json { get; }

    /// <summary>Whether a value is sealed still, because its key is not there or another one.</summary>
    public static bool IsSealed(string value) => value.StartsWith(Prefix, StringComparison.Ordinal);

    private string Seal(string name, string value)
    {
        // One that could not be opened stays as it is.
        if (IsSealed(value))
            return value;
        var nonce = RandomNumberGenerator.GetBytes(NonceLength);
        var text = Encoding.UTF8.GetBytes(value);
        var (sealedText, tag) = (new byte[text.Length], new byte[TagLength]);
        using var cipher = new AesGcm(Key(make: true)!, TagLength);
        cipher.Encrypt(nonce, text, sealedText, tag, Encoding.UTF8.GetBytes(name));
        return Prefix + Convert.ToBase64String([.. nonce, .. tag, .. sealedText]);
    }

    private string Open(string name, string value)
    {
        if (!IsSealed(value))
            return value;
        try
        {
            if (Key(make: false) is not { } known)
                return value;
            ReadOnlySpan<byte> bytes = Convert.FromBase64String(value[Prefix.Length..]);
            var text = new byte[bytes.Length - NonceLength - TagLength];
            using var cipher = new AesGcm(known, TagLength);
            cipher.Decrypt(
                bytes[..NonceLength],
                bytes[(NonceLength + TagLength)..],
                bytes[NonceLength..(NonceLength + TagLength)],
                text,
                Encoding.UTF8.GetBytes(name));
            return Encoding.UTF8.GetString(text);
        }
        catch (Exception e) when (e is FormatException or CryptographicException or OverflowException or ArgumentException)
        {
            // What runs is known and goes on; only who starts something with it must have it, and is told then.
            return value;
        }
    }

    private byte[]? Key(bool make)
    {
        if (key is not null)
            return key;
        if (File.Exists(file) && File.ReadAllBytes(file) is { Length: KeyLength } there)
            return key = there;
        if (!make)
            return null;
        WholeFile.Write(file, RandomNumberGenerator.GetBytes(KeyLength), previous: null);
        return key = File.ReadAllBytes(file);
    }

    private sealed class Converter(SealedEnvironment owner) : JsonConverter<VmProgram>
    {
        /// <inheritdoc />
        public override VmProgram? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var program = JsonSerializer.Deserialize<VmProgram>(ref reader, Wire.Json);
            return program?.Environment is null ? program : program with { Environment = Each(program, owner.Open) };
        }

        /// <inheritdoc />
        public override void Write(Utf8JsonWriter writer, VmProgram value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value with { Environment = Each(value, owner.Seal) }, Wire.Json);

        private static Dictionary<string, string> Each(VmProgram program, Func<string, string, string> change) =>
            program.Environment.ToDictionary(variable => variable.Key, variable => change(variable.Key, variable.Value));
    }
}
