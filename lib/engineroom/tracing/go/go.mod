module engineroom/tracing

go 1.27
