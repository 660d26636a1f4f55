namespace JustRunIt.Samples.Core.Seeding;

/// <summary>A user that exists from the start.</summary>
public static class SeedUser
{
    /// <summary>Nickname of a seeded user, numbered from 1.</summary>
    public static string Nickname(int number) => $"user{number}";

    /// <summary>Password of a seeded user, numbered from 1.</summary>
    public static string Password(int number) => $"password{number}";
}
