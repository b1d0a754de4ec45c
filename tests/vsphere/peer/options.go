// SPDX-License-Identifier: LGPL-3.0-or-later

// Ours, not the simulator's: the flags of the additions.
package main

import (
	"flag"
	"fmt"
	"strings"
	"time"
)

// list collects a flag that may be given several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, " ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

type options struct {
	log, control, vmdk, hostile, urlHost, leaseError string

	faults, taskErrors list

	leaseTimeout    int
	leaseInit       time.Duration
	leaseDiesAfter  int64
	expireAfter     int
	page            int
	starHost        bool
	extraItems      bool
	withoutFileSize bool
	lax             bool
}

func parseOptions(fs *flag.FlagSet) *options {
	o := new(options)
	fs.StringVar(&o.log, "log", "", "`file` to write a line per event to")
	fs.StringVar(&o.control, "control", "", "`file` of orders, taken (and removed) when the next request comes")
	fs.StringVar(&o.vmdk, "vmdk", "", "streamOptimized VMDK `file` for disks that name none")
	fs.StringVar(&o.hostile, "hostile", "", "hostile reply: `NAME[:METHOD]`")
	fs.StringVar(&o.urlHost, "url-host", "", "`host[:port]` of the lease's URLs instead of the one asked")
	fs.StringVar(&o.leaseError, "lease-error", "", "`fault` that a lease ends with instead of getting ready")
	fs.Var(&o.faults, "fault", "`METHOD:COUNT:FAULT`, FAULT may be an HTTP status; repeatable")
	fs.Var(&o.taskErrors, "task-error", "`METHOD_Task:FAULT` that its task ends with; repeatable")
	fs.IntVar(&o.leaseTimeout, "lease-timeout", 300, "`seconds` that a lease lives without progress")
	fs.DurationVar(&o.leaseInit, "lease-init", 50*time.Millisecond, "`time` that a lease stays initializing")
	fs.Int64Var(&o.leaseDiesAfter, "lease-dies-after", 0, "`bytes` served after which a lease fails, once")
	fs.IntVar(&o.expireAfter, "expire-after", 0, "`requests` after which the session ends, once")
	fs.IntVar(&o.page, "page", 0, "`objects` that the server gives at most in one reply; 0: all")
	fs.BoolVar(&o.starHost, "star-host", false, "'*' as the host of the lease's URLs")
	fs.BoolVar(&o.extraItems, "extra-items", false, "an NVRAM and an ISO among the lease's files")
	fs.BoolVar(&o.withoutFileSize, "no-file-size", false, "leave fileSize out of the lease")
	fs.BoolVar(&o.lax, "lax", false, "do not check SOAPAction, namespaces, Content-Type")
	return o
}

// check refuses additions in plain mode and what is not understood.
func (o *options) check(fs *flag.FlagSet, plain bool) (err error) {
	if fs.NArg() != 0 {
		return fmt.Errorf("%q: no such argument", fs.Arg(0))
	}
	ours := flag.NewFlagSet("", flag.ContinueOnError)
	parseOptions(ours)
	fs.Visit(func(f *flag.Flag) {
		if plain && ours.Lookup(f.Name) != nil {
			err = fmt.Errorf("-%s is an addition, and -plain is without them", f.Name)
		}
	})
	if err == nil && o.leaseTimeout < 1 {
		err = fmt.Errorf("-lease-timeout: at least 1")
	}
	return err
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSuffix(line, "\r")
}
