namespace JustRunIt.Samples.Hosting;

/// <summary>Sends forms.</summary>
public static class WarmUpClient
{
    /// <summary>Sends a form and reads the reply. Returns the page.</summary>
    public static async Task<string> PostAsync(this HttpClient client, string path, params (string Name, string Value)[] form)
    {
        using var content = new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        using var reply = await client.PostAsync(new Uri(path, UriKind.Relative), content);
        return await reply.Content.ReadAsStringAsync();
    }

    /// <summary>Logs in as the stand-in's user.</summary>
    public static Task LogInAsync(this HttpClient client) =>
        client.PostAsync("/login", ("nickname", DatabaseStandIn.Nickname), ("password", DatabaseStandIn.Password));
}
