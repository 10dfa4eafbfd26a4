"""Opens connections of every family, listens, sends to the host's loopback, its named sockets and its hypervisor."""

# %%
import errno
import os
import socket
import urllib.request


def attempt(label, action):
    try:
        action()
        print("got through:", label)
    except OSError:
        pass


attempt("tcp", lambda: socket.create_connection(("127.0.0.1", int("@PORT@")), timeout=1))
attempt("tcp6", lambda: socket.create_connection(("::1", int("@PORT@")), timeout=1))
attempt("http", lambda: urllib.request.urlopen("http://127.0.0.1:@PORT@/", timeout=1))
attempt("abstract", lambda: socket.socket(socket.AF_UNIX).connect("\0@MARK@"))
for path in ("/var/run/docker.sock", "/run/dbus/system_bus_socket", "/tmp/.X11-unix/X0", "@TMP@/socket"):
    attempt(path, lambda: socket.socket(socket.AF_UNIX).connect(path))
attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
attempt("packet", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3))
attempt("vsock", lambda: socket.socket(getattr(socket, "AF_VSOCK", 40), socket.SOCK_STREAM))
attempt("alg", lambda: socket.socket(getattr(socket, "AF_ALG", 38), socket.SOCK_SEQPACKET))
listener = socket.socket()
listener.bind(("0.0.0.0", int("@PORT@")))
listener.listen()
print(socket.if_nameindex())
print("tried")
