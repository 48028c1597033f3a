module bulk

go 1.27
