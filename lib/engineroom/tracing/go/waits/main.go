// Waits shows one goroutine for every way of not running: the function's name tells which.
package main

import (
	"io"
	"log"
	"net"
	"sync"
	"syscall"
	"time"

	"engineroom/tracing/traced"
)

const rounds, pause = 5, 2 * time.Millisecond

var spun int

var all sync.WaitGroup

func main() {
	traced.Run(func() {
		lines := make(chan string)
		var lock sync.Mutex
		ours, theirs := connect()
		all.Add(9) // plain go statements, so that each goroutine carries its own function's name
		go sleeper()
		go sender(lines)
		go receiver(lines)
		go lockHolder(&lock)
		go lockWaiter(&lock)
		go networkReader(ours)
		go networkWriter(theirs)
		go systemCaller()
		go spinner()
		all.Wait()
	})
}

func sleeper() {
	defer all.Done()
	for range rounds {
		time.Sleep(pause)
	}
}

// sender is slow, so the receiver waits for it.
func sender(lines chan<- string) {
	defer all.Done()
	defer close(lines)
	for range rounds {
		time.Sleep(pause)
		lines <- "line"
	}
}

func receiver(lines <-chan string) {
	defer all.Done()
	for range lines {
	}
}

func lockHolder(lock *sync.Mutex) {
	defer all.Done()
	for range rounds {
		lock.Lock()
		time.Sleep(pause)
		lock.Unlock()
	}
}

func lockWaiter(lock *sync.Mutex) {
	defer all.Done()
	for range rounds {
		time.Sleep(pause / 4)
		lock.Lock()
		lock.Unlock()
	}
}

func networkReader(c net.Conn) {
	defer all.Done()
	if _, err := io.Copy(io.Discard, c); err != nil {
		log.Fatal(err)
	}
}

func networkWriter(c net.Conn) {
	defer all.Done()
	defer c.Close()
	for range rounds {
		time.Sleep(pause)
		if _, err := c.Write([]byte("hello")); err != nil {
			log.Fatal(err)
		}
	}
}

// systemCaller blocks its thread in the kernel, which no scheduler can see through.
func systemCaller() {
	defer all.Done()
	for range rounds {
		nap := syscall.NsecToTimespec(pause.Nanoseconds())
		if err := syscall.Nanosleep(&nap, nil); err != nil && err != syscall.EINTR {
			log.Fatal(err)
		}
	}
}

func spinner() {
	defer all.Done()
	for end := time.Now().Add(rounds * pause); time.Now().Before(end); {
		spun++
	}
}

// connect returns both ends of a connection on the loopback interface.
func connect() (net.Conn, net.Conn) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer listener.Close()
	dialled, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	accepted, err := listener.Accept()
	if err != nil {
		log.Fatal(err)
	}
	return accepted, dialled
}
