// SPDX-License-Identifier: LGPL-3.0-or-later

package main

import (
	"crypto/tls"
	"net"
	"syscall"
	"time"
	"unsafe"
)

// How long the client may take for what was sent before a reset.
const drainLimit = 30 * time.Second

// reset closes with a RST instead of a FIN, when what was sent has arrived: a
// RST makes the kernel forget the rest.
func reset(conn net.Conn) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if marked, ok := conn.(*markedConn); ok {
		conn = marked.Conn
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	for end := time.Now().Add(drainLimit); unsent(tcp) > 0 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	_ = tcp.SetLinger(0)
	tcp.Close()
}

// unsent asks for the bytes that the other side has not acknowledged, tcp(7).
func unsent(tcp *net.TCPConn) (bytes int32) {
	const siocoutq = syscall.TIOCOUTQ // the same number
	raw, err := tcp.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) {
		_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, fd, siocoutq, uintptr(unsafe.Pointer(&bytes)))
	})
	return bytes
}
