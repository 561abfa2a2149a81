"""A gate before an S3 server: it lets requests through, refuses those of strangers, and can be shut."""

import http.client
import http.server
import threading

STRANGER = b"<?xml version='1.0'?><Error><Code>InvalidAccessKeyId</Code><Message>no such key</Message></Error>"


class Gate:
    def __init__(self, port, access_key):
        self.port, self.access_key = port, access_key
        self.is_shut = False
        gate = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if gate.is_shut:
                    # As a network does that is gone: no answer.
                    self.close_connection = True
                    self.connection.close()
                    return
                if f"Credential={gate.access_key}/" not in self.headers.get("Authorization", ""):
                    self.answer(403, {"Content-Type": "application/xml"}, STRANGER)
                    return
                onward = http.client.HTTPConnection("127.0.0.1", gate.port, timeout=60)
                try:
                    onward.request(self.command, self.path, body=body, headers=dict(self.headers))
                    reply = onward.getresponse()
                    self.answer(reply.status, dict(reply.getheaders()), reply.read())
                finally:
                    onward.close()

            def answer(self, status, headers, body):
                self.send_response_only(status)
                left_out = {"content-length", "transfer-encoding", "connection"}
                for name, value in headers.items():
                    if name.lower() not in left_out:
                        self.send_header(name, value)
                length = headers.get("Content-Length", len(body)) if self.command == "HEAD" else len(body)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
