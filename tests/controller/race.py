#!/usr/bin/env python3
"""race.py SOCKET WORKERS REQUESTS SEED NAMES [any]: each worker, on a connection of its own, creates, deletes, reissues and reads machines of few names, as
it comes. Prints a count for each (verb, status, reason). Wrong is what is neither done, nor a conflict, nor not there; with `any`, a natald that is
killed meanwhile: then no answer and 'unavailable' are answers too."""
import collections, http.client, json, random, socket, sys, threading, time

path, workers, requests, seed, names = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
killed = len(sys.argv) > 6
seen, wrong, lock = collections.Counter(), [], threading.Lock()
VERBS = [("POST", "create"), ("DELETE", "delete"), ("POST", "reissue"), ("GET", "show"), ("GET", "medium"), ("GET", "pin"), ("GET", "list")]
WEIGHTS = [5, 4, 3, 1, 1, 1, 1]
# What each may answer; beside 200.
ALLOWED = {(409, "conflict"), (404, "not-found")}
# A machine whose bundle is being signed has no medium and no record yet: worth retrying.
ALLOWED_OF = {"medium": {(503, "unavailable")}, "pin": {(503, "unavailable")}}


class Unix(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        for _ in range(200):
            try:
                self.sock.connect(path)
                return
            except OSError:
                if not killed:
                    raise
                time.sleep(0.05)
        raise OSError("nobody listens on " + path)


def ask(c, method, verb, name):
    url = {"create": "/v1/vms", "list": "/v1/vms"}.get(verb, "/v1/vms/" + name) + ("/" + verb if verb in ("reissue", "medium", "pin") else "")
    body = json.dumps({"name": name, "host": "none"}) if verb == "create" else None
    c.request(method, url, body=body, headers={"Host": "n"})
    r = c.getresponse()
    data = r.read()
    problem = json.loads(data) if r.status >= 300 else {}
    reason = problem.get("reason", "")
    if r.status == 200 and verb == "list":
        have = [v["name"] for v in json.loads(data)["vms"]]
        if len(have) != len(set(have)):
            return 200, "a name stands twice", str(have)
    return r.status, reason, problem.get("detail", "")


def work(n):
    rng, c = random.Random(seed * 1000 + n), Unix("n")
    for _ in range(requests):
        (method, verb), name = rng.choices(VERBS, WEIGHTS)[0], "web-%d" % rng.randrange(names)
        try:
            status, reason, message = ask(c, method, verb, name)
        except (OSError, http.client.HTTPException) as e:
            c.close()
            c = Unix("n")
            status, reason, message = 0, type(e).__name__, str(e)
        good = status in (200, 201) and not reason or (status, reason) in ALLOWED | ALLOWED_OF.get(verb, set()) or killed and (
            status == 0 or (status, reason) == (503, "unavailable"))
        with lock:
            seen[verb, status, reason] += 1
            if not good:
                wrong.append((verb, name, status, reason, message))
    c.close()


def missing():
    return {"create", "delete", "reissue", "list"} - {verb for verb, status, _ in seen if status in (200, 201)}


# On a busy machine six workers on one name may never meet a machine that is done: once more, then.
rounds = 0
while rounds == 0 or missing() and rounds < 5:
    threads = [threading.Thread(target=work, args=(n + rounds * workers,)) for n in range(workers)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    rounds += 1
for k in sorted(seen):
    print(*k, seen[k])
for w in wrong[:10]:
    print("wrong:", *w)
if missing():
    print("never done in %d rounds:" % rounds, *sorted(missing()))
sys.exit(1 if wrong or missing() or sum(seen.values()) != workers * requests * rounds else 0)
