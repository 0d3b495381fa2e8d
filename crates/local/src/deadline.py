"""Runs a function behind its Runtime API and tells it a deadline: cargo lambda watch says 1970, and a lease ends with it."""

import http.client
import http.server
import os
import subprocess
import sys
import threading
import time

SECONDS = 60  # the consumer's time-out in template.yaml
host, _, prefix = os.environ["AWS_LAMBDA_RUNTIME_API"].removeprefix("http://").partition("/")
# cargo lambda tells instances apart by their connection, so there is one.
upstream = http.client.HTTPConnection(host)


class Relay(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def relay(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        upstream.request(self.command, f"/{prefix}{self.path}", body, dict(self.headers))
        answer = upstream.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() == "lambda-runtime-deadline-ms":
                value = str(int((time.time() + SECONDS) * 1000))
            if name.lower().startswith("lambda-") or name.lower() == "content-type":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = relay

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Relay)
threading.Thread(target=server.serve_forever, daemon=True).start()
environment = {**os.environ, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}"}
sys.exit(subprocess.call(sys.argv[1:], env=environment))
