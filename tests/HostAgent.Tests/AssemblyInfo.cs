// One class at a time: they share this machine's CPU, whose caps they measure.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
