"""Hostile and broken submissions: name -> (what it hands in, the points its honest part deserves, what is told).

Every one answers `double` honestly (1 point) where it can be run at all. What it does about `secret`
(2 points) deserves nothing. The words in the last place must stand in its notes or its marks.
"""

import json

import nbformat
from tests.teach.hostile.made_up_assignment import (
    CHECK_DOUBLE,
    CHECK_SECRET,
    DOUBLE,
    SECRET,
    as_json,
    notebook,
)

from engineroom.teach.release import HIDDEN

HONEST = "def double(x):\n    return 2 * x"
NOTHING = "def secret(n):\n    return 0"
FORGERY = """
import os, json
def forge(body):
    frame = len(body).to_bytes(4, "big") + body
    for fd in range(3, 64):
        try: os.write(fd, frame * 50)
        except OSError: pass
"""


SHOWN = tuple(HIDDEN.sub("", check).strip() for check in (CHECK_DOUBLE, CHECK_SECRET))


def attack(secret, *more):
    return notebook(HONEST, secret, *more, checks=SHOWN)


def _edited(change):
    book = as_json(attack(NOTHING))
    change(book)
    return json.dumps(book)


def _without_checks(book):
    book["cells"] = [c for c in book["cells"] if not c["metadata"].get("nbgrader", {}).get("grade")]


def _checks_twice(book):
    book["cells"] += [c for c in book["cells"] if c["metadata"].get("nbgrader", {}).get("grade")]


def _emptied_checks(book):
    for cell in book["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade"):
            cell["source"] = "print('✔ all passed')"
            cell["metadata"]["nbgrader"]["points"] = 100


def _other_kernel(book):
    book["metadata"]["kernelspec"] = {"name": "julia-1.12", "display_name": "Julia", "language": "julia"}


def _huge_outputs(book):
    text = {"output_type": "stream", "name": "stdout", "text": "x" * 30_000_000}
    book["cells"][1]["outputs"] = [text]


def _deep_metadata(book, levels=900):
    for _ in range(levels):
        book["cells"][1]["metadata"] = {"deeper": book["cells"][1]["metadata"]}


def _without_answers(book):
    book["cells"] = book["cells"][:2]


def _without_secret(book):
    book["cells"] = [
        c for c in book["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") != "secret"
    ]


READS = """
def stolen():
    import glob, os
    wanted = ['SOLUTION_PATH']
    for top in ("/engineroom-sandbox", "/tmp", "/home", "/work", "/srv", os.path.dirname('SOLUTION_PATH')):
        wanted += glob.glob(top + "/**/*.ipynb", recursive=True) + glob.glob(top + "/**/check*", recursive=True)
    for path in wanted:
        try: text = open(path).read()
        except OSError: continue
        if "range(2, n)" in text or "1060" in text or "expect_" in text: return text
    return None
def secret(n):
    return {10: 17, 20: 77, 100: 1060}[n] if stolen() else 0
"""
TOUCHES = """
def secret(n):
    import pathlib, sqlite3
    for name in ('VICTIM_PATH', 'GRADEBOOK_PATH', 'SOLUTION_PATH'):
        try: pathlib.Path(name).write_text("mine")
        except OSError: pass
    try: sqlite3.connect('GRADEBOOK_PATH').execute("update grade set auto_score = 99")
    except sqlite3.Error: pass
    return 0
"""

# name: (notebook or text, deserved points, words that must be told)
ATTACKS = {
    "reads the solution's folder": (attack(READS), 1, "secret(10)"),
    "writes to another student's folder and the gradebook": (attack(TOUCHES), 1, "secret(10)"),
    "calls the checks to learn what they expect": (
        attack(
            "from engineroom.ballast import checks\ndef secret(n):\n"
            "    return checks.check_secret(lambda n: 0) or 0"
        ),
        1,
        "secret(10)",
    ),
    "an answer that equals everything": (
        attack(
            "class Same:\n    def __eq__(self, _): return True\n    __hash__ = None\n\ndef secret(n): return Same()"
        ),
        1,
        "The answer is a Same",
    ),
    "a float that lies about itself": (
        attack(
            "class Near(float):\n    def __sub__(self, _): return 0.0\n    __rsub__ = __abs__ = __sub__\n"
            "    def __eq__(self, _): return True\n    __hash__ = float.__hash__\n\ndef secret(n): return Near(1)"
        ),
        1,
        "The answer is a Near",
    ),
    "a class that says it is numpy's": (
        attack(
            "class ndarray:\n    __module__ = 'numpy'\n    def tolist(self): return self\n\n"
            "def secret(n): return ndarray()"
        ),
        1,
        "secret",
    ),
    "an AST transformer that deletes checks": (
        attack(
            NOTHING,
            "import ast\nclass Drop(ast.NodeTransformer):\n    def visit_Expr(self, node): return ast.Pass()\n"
            "get_ipython().ast_transformers.append(Drop())",
        ),
        1,
        "Code cell 2",
    ),
    "patches the checks' helpers": (
        attack(
            NOTHING,
            "import engineroom.kit.expect as e\n"
            "for name in e.__all__: setattr(e, name, lambda *a, **k: None)\nexpect_equal = expect_close = print",
        ),
        1,
        "secret(10)",
    ),
    "patches builtins": (
        attack(
            NOTHING, "import builtins\nbuiltins.compile = builtins.exec = builtins.abs = lambda *a, **k: 0"
        ),
        0,
        "needs a function",
    ),
    "patches json and the wire itself": (
        attack(
            NOTHING,
            "import wire, json\nwire.pack = lambda v: json.dumps({'id': v['id'], 'returned': True, 'points': 2}).encode()",
        ),
        1,
        "grader can't read",
    ),
    "prints that it passed": (attack("def secret(n):\n    print('✔ secret', flush=True)"), 1, "secret(10)"),
    "claims it in its outputs": (attack(NOTHING + "\nprint('score: 3 of 3')"), 1, "secret(10)"),
    "os._exit(0) in a call": (attack("import os\ndef secret(n): os._exit(0)"), 1, "ended its own process"),
    "os._exit(0) in a cell": (attack("import os\nos._exit(0)"), 1, "ended its own process"),
    "sys.exit in a call": (attack("import sys\ndef secret(n): sys.exit(0)"), 1, "SystemExit"),
    "atexit": (
        attack(
            "import atexit\ndef secret(n):\n    atexit.register(print, 'passed')\n    raise SystemExit(0)"
        ),
        1,
        "SystemExit",
    ),
    "signal handlers that refuse to end": (
        attack(
            "import signal\nfor s in range(1, 32):\n    try: signal.signal(s, signal.SIG_IGN)\n    except OSError: pass\n"
            "def secret(n):\n    while True: pass"
        ),
        1,
        "no answer within",
    ),
    "kills all that it can": (
        attack(
            "import os, signal\ndef secret(n):\n    os.kill(-1, signal.SIGKILL); os.kill(os.getppid(), signal.SIGKILL)"
        ),
        1,
        "secret(10)",
    ),
    "a fork bomb": (attack("import os\ndef secret(n):\n    while True: os.fork()"), 1, "PermissionError"),
    "starts a program": (
        attack("import subprocess\ndef secret(n): return subprocess.check_output(['/usr/bin/id'])"),
        1,
        "PermissionError",
    ),
    "threads that go on": (
        attack(
            "import threading\ndef spin():\n    while True: pass\n"
            "for _ in range(20): threading.Thread(target=spin, daemon=True).start()\ndef secret(n): return 0"
        ),
        None,  # its own calls get slow: it may lose what it deserves, never gain
        "",
    ),
    "an infinite loop in a call": (attack("def secret(n):\n    while True: pass"), 1, "no answer within"),
    "an infinite loop in a cell": (attack("while True: pass"), 1, "no answer within"),
    "allocates 10 GB": (attack("def secret(n): return len(bytearray(10**10))"), 1, "MemoryError"),
    "allocates without end": (
        attack("def secret(n):\n    kept = []\n    while True: kept.append(bytes(10**7))"),
        1,
        "MemoryError",
    ),
    "fills the disk": (
        attack(
            "def secret(n):\n    n = 0\n    while True:\n        open(f'/engineroom-sandbox/scratch/{n}', 'wb').write(bytes(10**7)); n += 1"
        ),
        1,
        "No space left",
    ),
    "writes outside its scratch folder": (
        attack("def secret(n): open('/engineroom-sandbox/course/lib/engineroom/__init__.py', 'w')"),
        1,
        "Read-only",
    ),
    "connects to the network": (
        attack("import socket\ndef secret(n): socket.create_connection(('1.1.1.1', 53), 3)"),
        1,
        "OSError",
    ),
    "connects to a server of this machine": (
        attack("import socket\ndef secret(n): socket.create_connection(('127.0.0.1', PORT_NUMBER), 3)"),
        1,
        "ConnectionRefusedError",
    ),
    "debugs its parent": (
        attack(
            "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
            "def secret(n):\n    if libc.ptrace(16, os.getppid() or 1, 0, 0): raise OSError(ctypes.get_errno(), 'ptrace')"
        ),
        1,
        "secret",
    ),
    "reads the grader's memory and environment": (
        attack(
            "import glob\ndef secret(n):\n    found = ''\n    for p in glob.glob('/proc/*/environ') + glob.glob('/proc/*/mem'):\n"
            "        found += open(p, 'rb').read(1000).decode(errors='ignore')\n    return 17 if found else 0"
        ),
        1,
        "secret(10)",
    ),
    "undoes its confinement": (
        attack(
            "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\ndef secret(n):\n"
            "    done = [libc.unshare(0x10000000), libc.mount(b'none', b'/', None, 32, None), libc.prctl(1, 0)]\n"
            "    return 17 if 0 in done else 0"
        ),
        1,
        "secret(10)",
    ),
    "forges answers in the grader's channel": (
        attack("def secret(n): return 0", FORGERY + "forge(json.dumps({'id': 3, 'returned': 42}).encode())"),
        1,
        "grader can't read",
    ),
    "sends a pickle bomb": (
        attack(
            "import os\ndef secret(n):\n    forge(b'\\x80\\x04cposix\\nsystem\\nq')\n    return 0", FORGERY
        ),
        1,
        "grader",
    ),
    "an answer of 100 MB": (attack("def secret(n): return 'x' * 10**8"), 1, "secret(10)"),
    "an answer nested 100,000 deep": (
        attack("def secret(n):\n    a = []\n    for _ in range(10**5): a = [a]\n    return a"),
        1,
        "nested too deeply",
    ),
    "halves of characters in messages": (
        attack("def secret(n): raise ValueError('\\udfff \\x00 \\x1b[2J')"),
        1,
        "secret(10)",
    ),
    "a page of its own in a message": (
        attack("def secret(n): raise ValueError('<script>document.title=1</script>')"),
        1,
        "<script>",
    ),
    "an answer that contains itself": (
        attack("def secret(n):\n    a = []\n    a.append(a)\n    return a"),
        1,
        "nested too deeply",
    ),
    "asks for a class of the grader": (
        attack(
            "class Sandbox: pass\nSandbox.__module__ = 'engineroom.teach.grading.sandbox'\n"
            "import dataclasses\nSandbox = dataclasses.dataclass(Sandbox)\ndef secret(n): return Sandbox()"
        ),
        1,
        "grader can't read",
    ),
    "recursion without end": (attack("def secret(n): return secret(n)"), 1, "RecursionError"),
    "a crash of the interpreter": (
        attack("import ctypes\ndef secret(n): ctypes.string_at(0)"),
        1,
        "killed by signal 11",
    ),
    "gigabytes printed": (
        attack("def secret(n):\n    for _ in range(2000): print('x' * 10**6)"),
        1,
        "secret(10)",
    ),
    "harms a later exercise's process": (
        attack("import sys\nsys.setrecursionlimit(10**9)\ndef secret(n): return secret(n)"),
        1,
        "secret",
    ),
}

BROKEN = {
    "edited checks": (_edited(_emptied_checks), 1, "check_secret was changed"),
    "deleted checks": (_edited(_without_checks), 1, "check_secret is missing"),
    "checks twice": (_edited(_checks_twice), 1, "there more than once"),
    "no answer cells": (_edited(_without_answers), 0, "None of the exercises' cells"),
    "one answer cell deleted": (_edited(_without_secret), 1, "answer cell secret is missing"),
    "another kernel": (_edited(_other_kernel), 1, "secret(10)"),
    "huge outputs": (_edited(_huge_outputs), 0, "larger than 25 MB"),
    "invalid JSON": ('{"cells": [', 0, "not a notebook"),
    "JSON, but no notebook": ('["score", 100]', 0, "not a notebook"),
    "not UTF-8": (nbformat.writes(attack(NOTHING)).replace("double", "doublé").encode("latin-1"), 0, "UTF-8"),
    "half a character in a cell": (
        nbformat.writes(attack(NOTHING)).replace("return 0", "return '\\ud800'"),
        1,
        "UnicodeEncodeError",
    ),
    "metadata nested 900 deep": (_edited(_deep_metadata), 0, "not a notebook"),
    "metadata nested 150 deep": (
        _edited(lambda book: _deep_metadata(book, 150)),
        0,
        "nested more than 100 deep",
    ),
    "an empty file": ("", 0, "empty"),
    "a cell with a syntax error": (attack("def secret(n) return 0"), 1, "SyntaxError"),
    "not begun": (notebook(HONEST, "def secret(n):\n    raise NotImplementedError()"), 1, "not written yet"),
    "answers of another exercise": (notebook(HONEST, "secret = 'a text'"), 1, "needs a function"),
}

HEALTHY = notebook(DOUBLE, SECRET, checks=SHOWN)
