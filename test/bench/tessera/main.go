// Appends the lines of a file to a new log of Tessera's POSIX driver, and says what that took, without starting.
//
//	tessera <folder> <entries> <connections> <entries a request>
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"log"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

type measured struct {
	Entries    int     `json:"entries"`
	Integrated uint64  `json:"integrated"`
	ElapsedMs  float64 `json:"elapsedMs"`
	CPUMs      float64 `json:"cpuMs"`
}

func main() {
	ctx := context.Background()
	raw, err := os.ReadFile(os.Args[2])
	must(err)
	entries := bytes.Split(bytes.TrimSuffix(raw, []byte("\n")), []byte("\n"))
	connections, err := strconv.Atoi(os.Args[3])
	must(err)
	size, err := strconv.Atoi(os.Args[4])
	must(err)
	appender, reader := open(ctx, os.Args[1])

	cpuBefore, startedAt := cpuTime(), time.Now()
	appendAll(ctx, appender, entries, connections, size)
	elapsed, cpu := time.Since(startedAt), cpuTime()-cpuBefore

	integrated, err := reader.IntegratedSize(ctx)
	must(err)
	result := measured{len(entries), integrated, ms(elapsed), ms(cpu)}
	must(json.NewEncoder(os.Stdout).Encode(result))
}

// With its defaults: batches of 256 or 250 ms, a checkpoint each 10 s, and nothing that looks for duplicates.
func open(ctx context.Context, folder string) (*tessera.Appender, tessera.LogReader) {
	key, _, err := note.GenerateKey(rand.Reader, "mcpg.test/bench")
	must(err)
	signer, err := note.NewSigner(key)
	must(err)
	driver, err := posix.New(ctx, posix.Config{Path: folder})
	must(err)
	options := tessera.NewAppendOptions().WithCheckpointSigner(signer)
	appender, _, reader, err := tessera.NewAppender(ctx, driver, options)
	must(err)
	return appender, reader
}

// A request is answered once each of its entries has its index; the connection then takes the next one.
func appendAll(ctx context.Context, appender *tessera.Appender, entries [][]byte, connections, size int) {
	requests := make(chan [][]byte, len(entries)/size+1)
	for ; len(entries) > 0; entries = entries[min(size, len(entries)):] {
		requests <- entries[:min(size, len(entries))]
	}
	close(requests)
	var group sync.WaitGroup
	for range connections {
		group.Go(func() {
			for request := range requests {
				futures := make([]tessera.IndexFuture, len(request))
				for i, entry := range request {
					futures[i] = appender.Add(ctx, tessera.NewEntry(entry))
				}
				for _, future := range futures {
					_, err := future()
					must(err)
				}
			}
		})
	}
	group.Wait()
}

// User and system time of all threads so far.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func ms(duration time.Duration) float64 {
	return float64(duration.Microseconds()) / 1e3
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
