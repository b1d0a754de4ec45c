// SPDX-License-Identifier: LGPL-3.0-or-later

// peer is a vSphere API server for tests: govmomi's simulator, and before it
// (unless -plain) the additions of this project: what the simulator lacks of
// exporting, and what it is too lenient about.
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"log"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/vmware/govmomi/simulator"
	_ "github.com/vmware/govmomi/vapi/simulator"
)

// What the simulator itself is asked for; the additions have theirs in
// options.go.
type settings struct {
	esx, plain, verbose, withParent bool

	datacenters, hosts, clusters, machines int
	datastores, pools, apps, folders       int

	listen, cert, key, user, password, passwordFile, vms string
	idle                                                 time.Duration
}

func parseSettings(fs *flag.FlagSet) *settings {
	s := new(settings)
	fs.BoolVar(&s.esx, "esx", false, "a single ESXi instead of a vCenter")
	fs.BoolVar(&s.plain, "plain", false, "the simulator alone, without additions")
	fs.BoolVar(&s.verbose, "v", false, "show the simulator's own log on stderr")
	fs.BoolVar(&s.withParent, "with-parent", false, "end when the parent process does")
	fs.IntVar(&s.datacenters, "dc", 1, "`number` of datacenters")
	fs.IntVar(&s.hosts, "host", 1, "`number` of standalone hosts in each")
	fs.IntVar(&s.clusters, "cluster", 0, "`number` of clusters in each")
	fs.IntVar(&s.machines, "vm", 2, "`number` of machines on each host and cluster")
	fs.IntVar(&s.datastores, "ds", 1, "`number` of datastores: LocalDS_0, …")
	fs.IntVar(&s.pools, "pool", 0, "`number` of resource pools in each cluster")
	fs.IntVar(&s.apps, "app", 0, "`number` of vApps in each cluster")
	fs.IntVar(&s.folders, "folder", 0, "`number` of datacenters that stand in folders")
	fs.StringVar(&s.listen, "listen", "127.0.0.1:0", "`address` to listen on")
	fs.StringVar(&s.cert, "cert", "", "PEM `file` with the certificate (without: http)")
	fs.StringVar(&s.key, "key", "", "PEM `file` with its key")
	fs.StringVar(&s.user, "user", "root", "`name` that may log in")
	fs.StringVar(&s.password, "password", "secret", "its `password`")
	fs.StringVar(&s.passwordFile, "password-file", "", "`file` whose first line is its password")
	fs.StringVar(&s.vms, "vms", "", "JSON `file` of machines to make")
	fs.DurationVar(&s.idle, "idle", 0, "`time` without a request that ends a session, as 2s; 0: never")
	return s
}

func (s *settings) model() *simulator.Model {
	m := simulator.VPX()
	if s.esx {
		m = simulator.ESX()
	} else {
		m.Datacenter, m.Host, m.Cluster = s.datacenters, s.hosts, s.clusters
		m.Pool, m.App, m.Folder = s.pools, s.apps, s.folders
	}
	m.Datastore = s.datastores
	if m.Machine = s.machines; s.machines > manyMachines {
		m.Machine = 1
	}
	m.Autostart = false
	return m
}

func (s *settings) service(model *simulator.Model) error {
	if s.passwordFile != "" {
		text, err := os.ReadFile(s.passwordFile)
		if err != nil {
			return err
		}
		s.password = firstLine(string(text))
	}
	service := model.Service
	service.RegisterEndpoints = true
	service.Listen = &url.URL{Host: s.listen, User: url.UserPassword(s.user, s.password)}
	if s.cert == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(s.cert, s.key)
	if err != nil {
		return err
	}
	service.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	return nil
}

// ended waits for a signal, or for the parent to be gone.
func (s *settings) ended() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	parent := os.Getppid()
	for {
		select {
		case <-signals:
			return
		case <-time.After(time.Second):
			if s.withParent && os.Getppid() != parent {
				return
			}
		}
	}
}

func run(s *settings, o *options) error {
	// All of the simulator's folders under one that is removed at the end.
	dir, err := os.MkdirTemp("", "h2k-peer-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	os.Setenv("TMPDIR", dir)

	model := s.model()
	if err = model.Create(); err != nil {
		return err
	}
	defer model.Remove()
	if s.machines > manyMachines {
		copyMachines(s.machines)
	}
	inventory, err := loadMachines(model, s.vms)
	if err != nil {
		return err
	}
	if err = s.service(model); err != nil {
		return err
	}
	if s.plain {
		simulator.SessionIdleTimeout = s.idle
	}
	server := model.Service.NewServer()
	if !s.plain {
		front, ferr := newFront(server, o, inventory, s.idle)
		if ferr != nil {
			return ferr
		}
		defer front.close()
		server.Config.Handler = front
	}
	address := *server.URL
	address.User = nil
	fmt.Println(address.String())
	s.ended()
	return nil
}

func main() {
	fs := flag.NewFlagSet("peer", flag.ExitOnError)
	s := parseSettings(fs)
	o := parseOptions(fs)
	_ = fs.Parse(os.Args[1:])
	if !s.verbose {
		log.SetOutput(io.Discard)
	}
	err := o.check(fs, s.plain)
	if err == nil {
		err = run(s, o)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "peer: %v\n", err)
		os.Exit(1)
	}
}
