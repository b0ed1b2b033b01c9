"""What the tests of user-data share: running a verb on bytes, and checks."""
import os
import subprocess
import sys
import tempfile

AGENT = os.path.join(os.environ.get("builddir", "."), "natal-agent")
FAILED = []


def verb(name, *texts, options=(), timeout=60):
    """(exit status, stdout, stderr) of `natal-agent userdata NAME` on these bytes, each in a file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for i, text in enumerate(texts):
            paths.append(os.path.join(folder, "file%d" % i))
            with open(paths[-1], "wb") as f:
                f.write(text if isinstance(text, bytes) else text.encode())
        done = subprocess.run([AGENT, "userdata", name, *options, *paths], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              timeout=timeout)
        return done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace").replace(folder + "/", "")


def check(what, held, *shown):
    print("ok" if held else "FAIL:", what, *([] if held else shown))
    if not held:
        FAILED.append(what)


def end():
    print("%d failed" % len(FAILED))
    sys.exit(1 if FAILED else 0)
