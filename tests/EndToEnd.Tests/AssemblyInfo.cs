// One whole system at a time: they share this machine's CPU, and its control groups.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
