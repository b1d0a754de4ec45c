// SPDX-License-Identifier: LGPL-3.0-or-later

// Ours, not the simulator's: the log of events that tests read.
package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// events writes lines "EVENT key=value … t=SECONDS"; a value with a space or
// a quote is quoted as in Go.
type events struct {
	sync.Mutex
	file  *os.File
	start time.Time
}

func newEvents(path string) (*events, error) {
	e := &events{start: time.Now()}
	if path == "" {
		return e, nil
	}
	var err error
	e.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	return e, err
}

func (e *events) add(event string, pairs ...interface{}) {
	if e.file == nil {
		return
	}
	var line strings.Builder
	line.WriteString(event)
	for i := 0; i+1 < len(pairs); i += 2 {
		value := fmt.Sprint(pairs[i+1])
		if value == "" || strings.ContainsAny(value, " \"\n") {
			value = fmt.Sprintf("%q", value)
		}
		fmt.Fprintf(&line, " %v=%s", pairs[i], value)
	}
	e.Lock()
	defer e.Unlock()
	fmt.Fprintf(&line, " t=%.3f\n", time.Since(e.start).Seconds())
	_, _ = e.file.WriteString(line.String())
}
