"""Prints the addresses of a name, or the name of an address, by the socket module."""

import socket
import sys

what = sys.argv[1]
try:
    if what[0].isdigit():
        print(socket.gethostbyaddr(what)[0])
    else:
        for info in socket.getaddrinfo(what, None, type=socket.SOCK_STREAM):
            print(info[4][0])
except OSError as err:
    print(err.strerror)
