"""listen.py - what listen.sh and endure.sh need beyond curl: certificates that are wrong in one way each, connections that stay open, many at once."""
import base64, hashlib, http.client, os, re, select, signal, socket, ssl, subprocess, sys, time

bad = 0


def ok(what):
    print("ok:", what)


def fail(what):
    global bad
    bad = 1
    print("FAIL:", what)


def context(folder, who=None, version=None):
    c = ssl.create_default_context(cafile=folder + "/ca.pem")
    c.check_hostname = False
    if version:
        c.maximum_version = version
    if who:
        c.load_cert_chain(f"{folder}/{who}.pem", f"{folder}/{who}.key")
    return c


def connect(ctx, port, session=None):
    s = ctx.wrap_socket(socket.create_connection(("127.0.0.1", port)), session=session)
    return s


def ask(s, path, method="GET", body=b""):
    s.sendall(f"{method} {path} HTTP/1.1\r\nHost: n\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    r = http.client.HTTPResponse(s)
    r.begin()
    return r.status, dict(r.getheaders()), r.read().decode()


# ---- servers that are wrong in one way each: NAME.crt, NAME.pkey, NAME.token; a line "NAME|what natalctl says"
def run(*argv, **kw):
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **kw)


def impostors(folder):
    def path(x):
        return f"{folder}/{x}"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path("imp-ca.key"), "-out", path("imp-ca.crt"),
        "-subj", "/CN=some CA", "-days", "3650", "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    spki = subprocess.run(["openssl", "x509", "-in", path("imp-ca.crt"), "-noout", "-pubkey"], check=True, capture_output=True).stdout
    der = base64.b64decode(b"".join(spki.splitlines()[1:-1]))
    natald = "URI:spiffe://ctl-x/controller/n-x"
    serves = "extendedKeyUsage=serverAuth"
    rows = [
        ("expired", natald, serves, ("20200101000000Z", "20210101000000Z"), "has expired, by the clock here"),
        ("early", natald, serves, ("20900101000000Z", "20910101000000Z"), "is not valid yet, by the clock here"),
        ("webserver", "DNS:localhost", serves, None, "is no natald: its certificate names ''"),
        ("operator", "URI:spiffe://ctl-x/operator/eve", serves, None, "is no natald: its certificate names 'spiffe://ctl-x/operator/eve'"),
        ("client", natald, "extendedKeyUsage=clientAuth", None, "does not count"),
        ("wrongpin", natald, serves, None, "no certificate there has the pinned key"),
    ]
    for name, san, eku, times, says in rows:
        run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path(name + ".pkey"), "-out", path(name + ".csr"), "-subj", "/CN=" + name)
        with open(path("ext"), "w") as f:
            f.write(f"subjectAltName={san}\n{eku}\nbasicConstraints=CA:FALSE\n")
        if times:
            with open(path("ca.cnf"), "w") as f:
                f.write(f"[ca]\ndefault_ca=d\n[d]\ndatabase={path('index')}\nserial={path('serial')}\nnew_certs_dir={folder}\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n")
            open(path("index"), "w").close()
            with open(path("serial"), "w") as f:
                f.write("10\n")
            run("openssl", "ca", "-batch", "-config", path("ca.cnf"), "-cert", path("imp-ca.crt"), "-keyfile", path("imp-ca.key"), "-in", path(name + ".csr"), "-out", path(name + ".crt"),
                "-notext", "-startdate", times[0], "-enddate", times[1], "-extfile", path("ext"))
        else:
            run("openssl", "x509", "-req", "-in", path(name + ".csr"), "-CA", path("imp-ca.crt"), "-CAkey", path("imp-ca.key"), "-CAcreateserial", "-out", path(name + ".crt"),
                "-days", "30", "-extfile", path("ext"))
        pin = hashlib.sha256(der if name != "wrongpin" else b"another key").digest()
        with open(path(name + ".token"), "w") as f:
            f.write("natal1_" + base64.urlsafe_b64encode(pin + os.urandom(32)).decode().rstrip("="))
        print(f"{name}|{says}")


def impostor(folder, name):
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with open(f"{folder}/{name}.chain", "w") as f:
        f.write(open(f"{folder}/{name}.crt").read() + open(f"{folder}/imp-ca.crt").read())
    ctx.load_cert_chain(f"{folder}/{name}.chain", f"{folder}/{name}.pkey")
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(8)
    print(listener.getsockname()[1], flush=True)
    while True:
        try:
            ctx.wrap_socket(listener.accept()[0], server_side=True).recv(1)
        except OSError:
            pass


# ---- what counts until it is revoked, counts from then on no more: on the open connection, and where the session is resumed
def revoked(folder, port, who, natalctl, state):
    port = int(port)
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        ctx = context(folder, who, version)
        s = connect(ctx, port)
        if ask(s, "/v1/status")[0] != 200:
            fail("the connection is refused before anything was revoked")
        again = connect(ctx, port, s.session)
        status = ask(again, "/v1/status")[0]
        (ok if again.session_reused and status == 200 else fail)(f"{again.version()}: a resumed session is let in by its certificate ({status}, reused {again.session_reused})")
        if version == ssl.TLSVersion.TLSv1_2:
            continue
        subprocess.run([natalctl, "--state", state, "access", "revoke", who], check=True, stdout=subprocess.DEVNULL)
        status, _, text = ask(s, "/v1/status")
        (ok if status == 403 and "was revoked" in text else fail)(f"revoked: the open connection's next request is refused: {status} {text}")
        third = connect(ctx, port, again.session)
        status, _, text = ask(third, "/v1/status")
        (ok if status == 403 and "was revoked" in text and third.session_reused else fail)(f"revoked: a resumed connection is refused: {status}, reused {third.session_reused}")


# ---- more requests than a client may: 429 with Retry-After, and nobody else notices
def flood(folder, port, who):
    port = int(port)
    s = connect(context(folder), port)
    seen, retry = {}, None
    for _ in range(120):
        status, headers, _text = ask(s, "/v1/status")
        seen[status] = seen.get(status, 0) + 1
        retry = headers.get("Retry-After", retry)
    (ok if seen.get(429, 0) >= 20 and seen.get(403, 0) >= 50 and retry and 1 <= int(retry) <= 5 else fail)(f"120 requests without a certificate: {seen}, Retry-After {retry}")
    o = connect(context(folder, who), port)
    all200 = all(ask(o, "/v1/status")[0] == 200 for _ in range(300))
    (ok if all200 else fail)("300 requests of an operator meanwhile are answered")
    time.sleep(int(retry or 1) + 0.2)
    status = ask(s, "/v1/status")[0]
    (ok if status == 403 else fail)(f"after Retry-After it is served again ({status})")


# ---- more that come in and show no certificate than an address may: it is not let in, and other addresses do not notice
def come(address, port, count):
    all = [socket.create_connection(("127.0.0.1", port), source_address=(address, 0)) for _ in range(count)]
    poller = select.poll()
    for s in all:
        poller.register(s.fileno(), select.POLLIN | select.POLLHUP)
    refused, until = 0, time.monotonic() + 4
    while time.monotonic() < until:
        for fd, _ in poller.poll(200):
            poller.unregister(fd)
            refused += 1
    return all, refused


def shake(folder, port, who):
    port = int(port)
    anonymous, known = context(folder), context(folder, who)
    held, refused = come("127.0.0.9", port, 1300)
    (ok if 100 < refused <= 300 else fail)(f"1300 at once of an address that show nothing: {refused} were not let in")
    def good(address):
        answered = 0
        for _ in range(250):
            try:
                s = known.wrap_socket(socket.create_connection(("127.0.0.1", port), source_address=(address, 0)))
                answered += ask(s, "/v1/status")[0] == 200
                s.close()
            except OSError:
                pass
        return answered
    n = good("127.0.0.8")
    (ok if n == 250 else fail)(f"250 of an operator at another address, each over a connection of its own, are answered: {n}")
    more, refused = come("127.0.0.8", port, 1300)
    n = good("127.0.0.8")
    (ok if refused == 0 and n == 250 else fail)(f"and at that one too, where 1300 come in that show nothing: {n}, {refused} were not let in")
    for s in held + more:
        s.close()
    time.sleep(0.5)
    s = anonymous.wrap_socket(socket.create_connection(("127.0.0.1", port), source_address=("127.0.0.9", 0)))
    (ok if ask(s, "/healthz")[0] == 200 else fail)("after a moment that address is let in again")
    # Nobody known does not keep a connection: 10 s of silence, a minute of requests.
    s.settimeout(20)
    at = time.monotonic()
    try:
        gone = s.recv(1) == b""
    except OSError:
        gone = True
    held = time.monotonic() - at
    (ok if gone and held < 15 else fail)(f"a silent connection without a certificate is closed after {held:.1f} s")


# ---- many that dribble: each is dropped by its deadline, and others are served meanwhile
def loris(folder, port, who, count):
    port, count = int(port), int(count)
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    ctx = context(folder)
    quick = connect(context(folder, who), port)
    if ask(quick, "/v1/status")[0] != 200:       # from here on the address is known, and so many are let in
        fail(f"{who} is not let in")
    slow = {}
    began = time.monotonic()
    tls = []
    for i in range(count):
        s = socket.create_connection(("127.0.0.1", port))
        slow[s.fileno()] = [s, time.monotonic(), 0, None]
    for i in range(min(200, count // 10)):       # these have finished their handshake, and dribble headers
        t = connect(ctx, port)
        t.sendall(b"GET /v1/status HTTP/1.1\r\nX-A: ")
        t.setblocking(False)
        tls.append([t, time.monotonic(), None])
    opened = time.monotonic() - began
    worst, served, spent, held = 0.0, 0, 0.0, []
    poller = select.poll()
    for fd in slow:
        poller.register(fd, select.POLLIN | select.POLLHUP)
    for row in tls:
        poller.register(row[0].fileno(), select.POLLIN | select.POLLHUP)
    rows = {row[0].fileno(): row for row in tls}
    left = len(slow) + len(tls)
    tick = 0
    while left and time.monotonic() - began < 60:
        tick += 1
        for fd, row in slow.items():
            if row[3] is None and row[2] < len(hello) and tick % 20 == 0:
                try:
                    row[0].send(hello[row[2]:row[2] + 1])
                    row[2] += 1
                except OSError:
                    pass
        for row in tls:
            if row[2] is None and tick % 20 == 0:
                try:
                    row[0].send(b"a")
                except OSError:
                    pass
        for fd, _ev in poller.poll(50):
            row = slow.get(fd) or rows.get(fd)
            try:
                if row[0].recv(4096):       # not yet: a session ticket, an answer
                    continue
            except (ssl.SSLWantReadError, BlockingIOError):
                continue
            except OSError:
                pass
            row[-1] = time.monotonic()
            held.append(row[-1] - row[1])
            poller.unregister(fd)
            row[0].close()
            left -= 1
        at = time.monotonic()
        status = ask(quick, "/v1/status")[0]
        worst = max(worst, time.monotonic() - at)
        spent += time.monotonic() - at
        served += status == 200
    total = count + len(tls)
    print(f"loris: {total} connections opened in {opened:.1f} s, {total - left} dropped, held for {min(held or [0]):.1f} to {max(held or [0]):.1f} s; "
          f"{served} requests served meanwhile, the slowest in {1000 * worst:.0f} ms, the mean in {1000 * spent / max(served, 1):.1f} ms")
    (ok if left == 0 and max(held) < 15 else fail)(f"{total} connections that dribble are dropped by their deadline ({left} are left)")
    (ok if served > 50 and worst < 1.0 else fail)(f"others are served meanwhile: {served}, the slowest in {1000 * worst:.0f} ms")


# ---- listening sockets that outlive natald: no connection is refused through restarts
def restarts(folder, natald, state, who, rounds):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(1024)
    port = listener.getsockname()[1]
    log = open(folder + "/restart.log", "ab")

    def start():
        pid = os.fork()
        if pid:
            return pid
        try:
            os.dup2(listener.fileno(), 3)
            os.set_inheritable(3, True)
            os.dup2(log.fileno(), 2)
            os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
            os.execv(natald, [natald, "--state", state])
        finally:
            os._exit(127)
    pid = start()
    ctx = context(folder, who)
    done, slowest, failed = 0, 0.0, []
    for n in range(int(rounds) + 1):
        until = time.monotonic() + 2.0
        while time.monotonic() < until:
            at = time.monotonic()
            try:
                s = connect(ctx, port)
                status, headers, text = ask(s, "/v1/status")
                s.close()
                if status == 503 and headers.get("Connection") == "close":      # said in so many words: natald is stopping
                    continue
                if status != 200:
                    failed.append((status, text))
                done += 1
            except OSError as e:
                failed.append(repr(e))
            slowest = max(slowest, time.monotonic() - at)
        os.kill(pid, signal.SIGTERM)
        if n == int(rounds):
            os.waitpid(pid, 0)
            break
        child = pid
        reaper = os.fork()          # the next is started when this one has ended, while requests go on
        if reaper == 0:
            os._exit(0)
        os.waitpid(reaper, 0)
        gone = False
        while not gone:
            gone = os.waitpid(child, os.WNOHANG)[0] == child
            time.sleep(0.01)
        pid = start()
    (ok if not failed and done > 50 else fail)(f"{done} connections through {rounds} restarts, none refused; the slowest took {1000 * slowest:.0f} ms; {failed[:3]}")


if __name__ == "__main__":
    {"impostors": impostors, "impostor": impostor, "revoked": revoked, "flood": flood, "shake": shake, "loris": loris, "restarts": restarts}[sys.argv[1]](*sys.argv[2:])
    sys.exit(bad)
