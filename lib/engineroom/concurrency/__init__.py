"""Go concurrency: errgroup, weighted semaphores and singleflight, on virtual time and in real Go."""
