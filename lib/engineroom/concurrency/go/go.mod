module engineroom/concurrency

go 1.27

require golang.org/x/sync v0.0.0
