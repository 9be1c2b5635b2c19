package veil

import (
	"slices"
	"strings"
	"unicode"
)

// Names reports whether a field of an alert, under whatever name its product has for it,
// holds names of hosts, accounts, addresses or persons: host.name, src_user, DeviceName,
// AccountUpn, source.ip, and not host.os.name, user_agent or src_port.
func Names(field string) bool {
	words := split(field)
	for _, w := range words {
		if slices.Contains(about[:], w) {
			return false
		}
	}
	for i, w := range words {
		if slices.Contains(named[:], w) || i > 0 && slices.Contains(joined[:], words[i-1]+w) {
			return true
		}
	}
	return false
}

// named are words of fields that hold names.
var named = [...]string{
	"host", "hosts", "hostname", "hostnames", "computer", "computers", "computername", "machine", "machinename", "device", "devices", "devicename", "workstation",
	"workstationname", "endpoint", "endpoints", "server", "servername", "dvc", "asset", "assets", "netbios", "fqdn",
	"user", "users", "username", "usernames", "account", "accounts", "accountname", "upn", "userprincipalname", "principal", "principals", "login", "logon", "sid", "samaccountname",
	"email", "emails", "mail", "mailbox", "sender", "recipient", "recipients", "owner", "person", "employee", "analyst", "assignee", "manager", "actor",
	"ip", "ips", "ipaddress", "ipaddresses", "ipv4", "ipv6", "addr", "address", "addresses", "mac", "src", "dest", "dst", "caller",
	"entity", "entities", "identity", "identities", "initiator",
}

// joined are pairs of words that hold names only together.
var joined = [...]string{"remotename", "displayname"}

// about are words of fields that say something of what is named and are no name.
var about = [...]string{
	"agent", "port", "ports", "os", "type", "count", "counts", "total", "score", "level", "risk", "category", "version", "vendor", "product", "priority", "severity",
	"geo", "country", "region", "city", "asn", "criticality", "bunit", "status", "state", "time", "date", "bytes", "packets", "platform", "arch", "architecture",
	"protocol", "rule", "technique", "techniques", "tactic", "tactics", "kind", "class", "action", "result", "reason", "method", "mode", "enabled", "description",
	"comment", "message", "title", "path", "file", "filename", "url", "uri", "query", "hash", "sha1", "sha256", "md5", "image", "app", "application",
}

// split returns the words of a field's name in lower case, however they are joined:
// DeviceName, device_name, device.name.
func split(field string) []string {
	var words []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			words = append(words, strings.ToLower(word.String()))
			word.Reset()
		}
	}
	runes := []rune(field)
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end()
			continue
		case i > 0 && unicode.IsUpper(r) && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]) && unicode.IsUpper(runes[i-1])):
			end()
		}
		word.WriteRune(r)
	}
	end()
	return words
}
