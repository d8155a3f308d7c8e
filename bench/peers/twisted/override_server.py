"""Computes names that contain an address. From "Creating a custom server" in the manual of Twisted Names."""

import re

from twisted.internet import defer, reactor
from twisted.names import dns, error, server

NAME = re.compile(rb"ip-(10-\d+-\d+-\d+)\.lab\.example\.org", re.IGNORECASE)


class Computed:
    def query(self, query, timeout=None):
        match = NAME.fullmatch(query.name.name)
        if query.type != dns.A or match is None:
            return defer.fail(error.DomainError())
        address = match[1].decode().replace("-", ".")
        record = dns.Record_A(address, ttl=3600)
        header = dns.RRHeader(query.name.name, dns.A, ttl=3600, payload=record, auth=True)
        return defer.succeed(([header], [], []))


factory = server.DNSServerFactory(clients=[Computed()])
reactor.listenUDP({{.Port}}, dns.DNSDatagramProtocol(factory), interface="127.0.0.1")
reactor.listenTCP({{.Port}}, factory, interface="127.0.0.1")
reactor.run()
