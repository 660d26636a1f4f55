using JustRunIt.Events.Tests;

// Run by DeterminismTests as processes of their own.
Console.WriteLine(DeterminismTests.Digest());
