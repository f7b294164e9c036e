"""Who is around the containers of a test: a name server and a sink for webhooks.

Usage: neighbours.py DOMAIN FILE. The name server listens on 127.0.0.1:53 and knows every host of
that domain, and nothing else: it is this one. The sink listens on port 8080 and appends every body to the file.
"""

import http.server
import socket
import struct
import sys
import threading

DOMAIN, FILE = sys.argv[1:]


def answer(question: bytes) -> bytes:
    """What the name server says: the address of loopback, or that there is no such name."""
    labels, at = [], 12
    while length := question[at]:
        labels.append(question[at + 1 : at + 1 + length].decode())
        at += 1 + length
    end = at + 5
    kind = struct.unpack("!H", question[at + 1 : at + 3])[0]
    known = ".".join(labels[1:]).lower() == DOMAIN
    found = known and kind == 1
    flags = 0x8180 if known else 0x8183
    header = question[:2] + struct.pack("!HHHHH", flags, 1, int(found), 0, 0)
    record = struct.pack("!HHHIH", 0xC00C, 1, 1, 60, 4) + bytes([127, 0, 0, 1])
    return header + question[12:end] + (record if found else b"")


def name_server(listener: socket.socket) -> None:
    while True:
        question, who = listener.recvfrom(1500)
        listener.sendto(answer(question), who)


class Sink(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        with open(FILE, "ab") as file:
            file.write(body + b"\n")
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
listener.bind(("127.0.0.1", 53))
threading.Thread(target=name_server, args=[listener], daemon=True).start()
sink = http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Sink)
print("ready", flush=True)
sink.serve_forever()
