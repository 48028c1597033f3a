module engineroom/ballast

go 1.27
