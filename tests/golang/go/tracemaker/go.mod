module tracemaker

go 1.27
