// Pingpong passes a ball between two goroutines over unbuffered channels.
package main

import (
	"flag"

	"engineroom/tracing/traced"
)

var rounds = flag.Int("rounds", 100, "how often the ball goes forth and back")

func main() {
	traced.Run(func() {
		ping, pong := make(chan int), make(chan int)
		go player(ping, pong)
		for i := range *rounds {
			ping <- i
			<-pong
		}
		close(ping)
		<-pong
	})
}

func player(ping <-chan int, pong chan<- int) {
	for ball := range ping {
		pong <- ball
	}
	close(pong)
}
