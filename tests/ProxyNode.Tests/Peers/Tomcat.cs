using System.Net;
using JustRunIt.Infrastructure;

namespace JustRunIt.ProxyNode.Tests.Peers;

/// <summary>Tomcat 10 with an AJP connector and three pages: a counter in a session, the length of what was posted, an echo.</summary>
internal sealed class Tomcat : IAsyncDisposable
{
    private const string Home = "/usr/share/tomcat10";

    private readonly PeerProcess process;
    private readonly DirectoryInfo folder;

    private Tomcat(PeerProcess process, DirectoryInfo folder, int port) =>
        (this.process, this.folder, Ajp) = (process, folder, new IPEndPoint(IPAddress.Loopback, port));

    public IPEndPoint Ajp { get; }

    public static async Task<Tomcat> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("tomcat-");
        foreach (var name in (string[])["conf", "logs", "temp", "work", "webapps/ROOT/WEB-INF"])
            folder.CreateSubdirectory(name);
        var port = FreePorts.Next();
        Write("conf/server.xml", $"""
            <Server port="-1">
              <Service name="Catalina">
                <Connector protocol="AJP/1.3" address="127.0.0.1" port="{port}" secretRequired="false" allowedRequestAttributesPattern=".*" maxPostSize="-1"/>
                <Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps" autoDeploy="false"/></Engine>
              </Service>
            </Server>
            """);
        File.Copy("/etc/tomcat10/web.xml", Path.Combine(folder.FullName, "conf/web.xml"));
        Write("webapps/ROOT/count.jsp", """
            <%@ page contentType="text/plain" %><%
            Integer count = (Integer) session.getAttribute("count");
            session.setAttribute("count", count == null ? 1 : count + 1);
            %>count <%= session.getAttribute("count") %> at <%= response.encodeURL("/count.jsp") %>
            """);
        Write("webapps/ROOT/length.jsp", """
            <%@ page contentType="text/plain" %><%
            java.io.InputStream in = request.getInputStream(); byte[] buffer = new byte[10000]; long sum = 0, length = 0; int n;
            while ((n = in.read(buffer)) > 0) { length += n; for (int i = 0; i < n; i++) sum = (sum * 31 + (buffer[i] & 255)) % 1000003; }
            %>length <%= length %> sum <%= sum %>
            """);
        Write("webapps/ROOT/echo.jsp", """
            <%@ page contentType="text/plain" %><%= request.getMethod() %> <%= request.getQueryString() %> <%= request.getHeader("X-Own") %>
            """);
        Write("webapps/ROOT/fail.jsp", "<% if (true) throw new RuntimeException(\"failed\"); %>");
        var process = await PeerProcess.StartAsync(
            port, $"{Home}/bin/catalina.sh", ["run"], [("CATALINA_HOME", Home), ("CATALINA_BASE", folder.FullName), ("JAVA_OPTS", "-Xmx128m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC")]);
        return new Tomcat(process, folder, port);

        void Write(string name, string text) => File.WriteAllText(Path.Combine(folder.FullName, name), text);
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
