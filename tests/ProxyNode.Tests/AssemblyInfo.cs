// One class at a time: they measure times, and count what the whole process allocates and holds.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
