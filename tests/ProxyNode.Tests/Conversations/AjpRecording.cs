using JustRunIt.Infrastructure.Peers;
using JustRunIt.Infrastructure.Sources;
using JustRunIt.ProxyNode.Tests.Peers;

namespace JustRunIt.ProxyNode.Tests.Conversations;

/// <summary>What Apache with mod_jk says to Tomcat: sessions, bodies of known and of unknown length, probes, errors.</summary>
internal static class AjpRecording
{
    public static async Task RecordAsync(VectorRecorder recorder)
    {
        await using var tomcat = await LocalTomcat.StartAsync();
        using var between = new Eavesdropper(tomcat.Ajp);
        await using var apache = await ApacheWithModJk.StartAsync(between.EndPoint);
        using var http = new HttpClient { BaseAddress = apache.Address, Timeout = TimeSpan.FromSeconds(20) };
        http.DefaultRequestHeaders.Add("X-Own", "mine");
        await http.GetStringAsync("/echo.jsp?a=b%20c");
        await http.GetStringAsync("/count.jsp");
        var page = await http.GetStringAsync("/count.jsp");
        await http.GetStringAsync($"/count.jsp;jsessionid={page.Length:X32}");
        await http.GetAsync("/nothing");
        await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/echo.jsp"));
        foreach (var length in (int[])[0, 1, 9000])
            await http.PostAsync("/length.jsp", new ByteArrayContent(new byte[length]));

        using var chunked = new HttpRequestMessage(HttpMethod.Post, "/length.jsp") { Content = new ByteArrayContent(new byte[9000]) };
        chunked.Headers.TransferEncodingChunked = true;
        await http.SendAsync(chunked);
        await http.GetAsync("/fail.jsp");
        recorder.Add("ajp13", "apache-mod_jk-tomcat", "Apache 2.4 with mod_jk 1.2.48 to Tomcat 10.1", between);
    }
}
