// The scripts are for Linux, and files are made executable for them.
[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]
