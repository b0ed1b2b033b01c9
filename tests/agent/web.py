"""web.py CERT KEY FOLDER PORTS LOG: a web server for fetch.sh: https and http on ports of the kernel's choice, which it writes to PORTS.

/files/NAME the file; /later/NAME the same after a second; /slow a byte a second; /big 17 MiB; /busy 503 twice, then a file; /away to OTHER (a second https server, with the same
key); /near to /files on the same server; /private wants user "u" and password "p/w"; /header wants X-Token: t0ken; /missing 404; /round to itself.
"""
import base64, http.server, os, ssl, sys, threading, time

cert, key, folder, ports, log = sys.argv[1:]
busy = 0

class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    other = ""

    def log_message(self, *args):
        pass

    def say(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        global busy
        path = self.path.split("?")[0]
        with open(log, "a") as f:
            print(self.server.label, self.path, file=f)
        if path.startswith(("/files/", "/later/")):
            if path.startswith("/later/"):
                time.sleep(1)
            with open(folder + "/" + path[7:], "rb") as f:
                self.say(200, f.read())
        elif path == "/slow":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            try:
                for _ in range(60):
                    self.wfile.write(b"#")
                    time.sleep(1)
            except OSError:
                pass
        elif path == "/big":
            try:
                self.say(200, b"#" * (17 << 20))
            except OSError:
                pass
        elif path == "/busy":
            busy += 1
            self.say(200, open(folder + "/one", "rb").read()) if busy > 2 else self.say(503)
        elif path == "/away":
            self.say(302, Location=self.other + "/files/one")
        elif path == "/near":
            self.say(302, Location="/files/one")
        elif path == "/round":
            self.say(302, Location="/round")
        elif path == "/private":
            wanted = "Basic " + base64.b64encode(b"u:p/w").decode()
            self.say(200, open(folder + "/one", "rb").read()) if self.headers["Authorization"] == wanted else self.say(401)
        elif path == "/header":
            self.say(200, open(folder + "/plain", "rb").read()) if self.headers["X-Token"] == "t0ken" else self.say(403)
        else:
            self.say(404)

def serve(label, tls):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
    server.label = label
    server.daemon_threads = True
    server.handle_error = lambda *args: None    # clients that hang up are part of the test
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]

https, other, http_ = serve("https", True), serve("other", True), serve("http", False)
Web.other = "https://127.0.0.1:%d" % other
with open(ports + ".new", "w") as f:
    print(https, other, http_, file=f)
os.rename(ports + ".new", ports)
while True:
    time.sleep(60)
