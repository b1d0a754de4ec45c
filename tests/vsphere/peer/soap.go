// SPDX-License-Identifier: LGPL-3.0-or-later

// Ours, not the simulator's: SOAP envelopes of the additions.
package main

import (
	"bytes"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
)

const (
	envelopeNamespace = "http://schemas.xmlsoap.org/soap/envelope/"
	vimNamespace      = "urn:vim25"

	envelopeOpen = xml.Header + `<soapenv:Envelope xmlns:soapenv="` + envelopeNamespace + `"` +
		` xmlns:xsd="http://www.w3.org/2001/XMLSchema"` +
		` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>`
	envelopeClose = `</soapenv:Body></soapenv:Envelope>`
)

// typeOf finds a type by its name in xsi:type, whatever its prefix.
func typeOf(name string) (reflect.Type, bool) {
	if i := strings.LastIndexByte(name, ':'); i >= 0 {
		name = name[i+1:]
	}
	return types.TypeFunc()(name)
}

// faultOf makes the fault of that name, with nothing in it.
func faultOf(name string) (types.BaseMethodFault, error) {
	if kind, ok := typeOf(name); ok {
		if fault, ok := reflect.New(kind).Interface().(types.BaseMethodFault); ok {
			return fault, nil
		}
	}
	return nil, fmt.Errorf("%q is no fault of the API", name)
}

func faultName(fault types.BaseMethodFault) string {
	return reflect.TypeOf(fault).Elem().Name()
}

func localized(fault types.BaseMethodFault, text string) *types.LocalizedMethodFault {
	return &types.LocalizedMethodFault{Fault: fault, LocalizedMessage: text}
}

func element(name, kind string) xml.StartElement {
	start := xml.StartElement{Name: xml.Name{Local: name}}
	start.Attr = []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: vimNamespace}}
	if kind != "" {
		start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Local: "xsi:type"}, Value: kind})
	}
	return start
}

func encode(out *bytes.Buffer, value interface{}, start xml.StartElement) {
	encoder := xml.NewEncoder(out)
	if err := encoder.EncodeElement(value, start); err != nil {
		panic(err) // a mistake in this program
	}
	_ = encoder.Flush()
}

func sendEnvelope(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(envelopeOpen))
	_, _ = w.Write(body)
	_, _ = w.Write([]byte(envelopeClose))
}

// reply is sent as the response of METHOD.
func sendReply(w http.ResponseWriter, method string, reply interface{}) {
	var out bytes.Buffer
	encode(&out, reply, element(method+"Response", ""))
	sendEnvelope(w, http.StatusOK, out.Bytes())
}

func sendFault(w http.ResponseWriter, text string, fault types.BaseMethodFault) {
	var out bytes.Buffer
	out.WriteString("<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>")
	_ = xml.EscapeText(&out, []byte(text))
	out.WriteString("</faultstring><detail>")
	name := faultName(fault)
	encode(&out, fault, element(name+"Fault", name))
	out.WriteString("</detail></soapenv:Fault>")
	sendEnvelope(w, http.StatusInternalServerError, out.Bytes())
}
