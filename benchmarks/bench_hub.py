"""How many learners a real JupyterHub holds: they log in, run all cells of a lesson and move a slider.

Needs the extra "hub" and npm's configurable-http-proxy (npm install configurable-http-proxy); on
127.0.0.1 only, and stops by itself. What one learner's browser would draw is not part of it.

python benchmarks/bench_hub.py [LEARNERS ...]        (1 4 8 when none are given)
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import statistics
import struct
import sys
import tempfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import psutil
import requests
import websocket

from engineroom.kit.children import Server
from engineroom.kit.places import course_folder
from engineroom.publish.bench_rows import report, skipped

LESSON = "ballast/01_small_heap.ipynb"
MOVES = 40
PATIENCE_S = 180
CONFIG = """
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.command = {proxy!r}
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{folder}/homes/{{username}}"
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = {args!r}
c.Spawner.notebook_dir = "{folder}/notebooks"
c.Spawner.environment = {{"ENGINEROOM_PROGRESS": "off", "ENGINEROOM_BENCH_HUB": {token!r}}}
c.Spawner.start_timeout = c.Spawner.http_timeout = {patience}
c.JupyterHub.concurrent_spawn_limit = 10
c.JupyterHub.services = [{{"name": "bench", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [
    {{"name": "bench", "services": ["bench"], "scopes": ["admin:users", "admin:servers", "tokens"]}}
]
"""


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Hub:
    """A JupyterHub of this machine with its proxy, in a temporary folder."""

    def __init__(self, folder):
        node = course_folder() / "node_modules" / ".bin" / "configurable-http-proxy"
        proxy = os.environ.get("CONFIGURABLE_HTTP_PROXY") or shutil.which(node.name) or str(node)
        if not Path(proxy).is_file():
            skipped(
                "a JupyterHub with learners",
                "the hub's proxy is missing: npm install configurable-http-proxy",
            )
            print("skipped: the hub's proxy is missing; bring it with: npm install configurable-http-proxy")
            sys.exit(0)
        shutil.copytree(course_folder() / "notebooks", folder / "notebooks")
        port, hub_port, proxy_port = free_ports(3)
        self.address, self.token = f"http://127.0.0.1:{port}", secrets.token_hex(16)
        root = ["--allow-root"] if os.geteuid() == 0 else []
        config = folder / "jupyterhub_config.py"
        config.write_text(
            CONFIG.format(
                port=port, hub_port=hub_port, proxy_port=proxy_port, proxy=[proxy], folder=folder,
                python=sys.executable, args=root, patience=PATIENCE_S, token=self.token,
            )
        )  # fmt: skip
        command = [sys.executable, "-m", "jupyterhub", "-f", str(config)]
        self.mark = self.token
        env = {**os.environ, "ENGINEROOM_BENCH_HUB": self.mark}
        self.server = Server(command, cwd=folder, env=env, memory_mb=None)
        self.server.wait_until(self._answers, within_s=90)

    def _answers(self):
        try:
            return requests.get(f"{self.address}/hub/api", timeout=2).ok
        except requests.RequestException:
            return False

    def token_for(self, name):
        """Return a token with which to use a learner's server as that learner."""
        url = f"{self.address}/hub/api/users/{name}/tokens"
        answer = requests.post(url, headers={"Authorization": f"token {self.token}"}, json={}, timeout=30)
        answer.raise_for_status()
        return answer.json()["token"]

    def stop(self):
        """End the hub, its proxy, and every learner's server: those have sessions of their own."""
        for process in psutil.process_iter():
            if belongs_to(process, self.mark):
                with contextlib.suppress(psutil.Error):
                    process.kill()
        self.server.stop()  # last, since it waits until nobody holds the hub's output any more


def belongs_to(process, mark):
    try:
        return process.environ().get("ENGINEROOM_BENCH_HUB") == mark
    except psutil.Error:
        return False


class Learner:
    """One learner: logs in at the hub's own form, opens the lesson, runs it, moves a slider."""

    def __init__(self, hub, name):
        self.hub, self.name, self.comm = hub, name, None
        self.base = f"{hub.address}/user/{name}"

    def log_in(self):
        """Log in and wait until this learner's own server answers."""
        session = requests.Session()
        session.get(f"{self.hub.address}/hub/login", timeout=60)
        form = {"username": self.name, "password": "x", "_xsrf": session.cookies["_xsrf"]}
        session.post(f"{self.hub.address}/hub/login?next=/hub/spawn", data=form, timeout=PATIENCE_S)
        self.headers = {"Authorization": f"token {self.hub.token_for(self.name)}"}
        deadline = time.monotonic() + PATIENCE_S
        while not self._up():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name}: no server within {PATIENCE_S} s")
            time.sleep(0.25)

    def _up(self):
        answer = requests.get(f"{self.base}/api/status", headers=self.headers, timeout=60)
        return answer.ok and "started" in answer.text

    def run_lesson(self):
        """Run all cells of the lesson; return the names of the errors that they raised."""
        lesson = requests.get(f"{self.base}/api/contents/{LESSON}", headers=self.headers, timeout=60).json()
        cells = nbformat.from_dict(lesson["content"]).cells
        wanted = {
            "path": LESSON, "name": "", "type": "notebook", "kernel": {"name": "python3"},
        }  # fmt: skip
        session = requests.post(
            f"{self.base}/api/sessions", headers=self.headers, json=wanted, timeout=PATIENCE_S
        )
        session.raise_for_status()
        url = f"{self.base.replace('http', 'ws', 1)}/api/kernels/{session.json()['kernel']['id']}/channels"
        self.socket = websocket.create_connection(url, header=self.headers, timeout=PATIENCE_S)
        errors = []
        for cell in cells:
            if cell.cell_type == "code":
                errors += self._execute(cell.source)
        return errors

    def _send(self, kind, content):
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "username": "",
            "session": "s",
            "version": "5.4",
        }
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        self.socket.send(json.dumps({**message, "channel": "shell", "buffers": []}))
        return header["msg_id"]

    def _receive(self):
        raw = self.socket.recv()
        if isinstance(raw, bytes):  # messages with buffers: their number, where each begins, then JSON first
            parts = struct.unpack_from(">I", raw)[0]
            begins = struct.unpack_from(f">{parts}I", raw, 4)
            raw = raw[begins[0] : begins[1] if parts > 1 else None]
        return json.loads(raw)

    def _execute(self, source):
        mine = self._send("execute_request", {"code": source, "silent": False, "store_history": True})
        errors, left = [], {"execute_reply", "idle"}
        while left:
            message = self._receive()
            kind, content = message["header"]["msg_type"], message["content"]
            if kind == "comm_open" and "ask" in content["data"].get("state", {}):
                self.comm, self.spec = content["comm_id"], content["data"]["state"]["spec"]
            if message["parent_header"].get("msg_id") == mine:
                errors += [content["ename"]] if kind == "error" else []
                left -= {kind, content.get("execution_state", "")}
        return errors

    def move_slider(self):
        """Move the first numeric knob through its range; return the milliseconds of each answer."""
        name, knob = next((n, k) for n, k in self.spec["knobs"].items() if k["kind"] in ("integer", "number"))
        took = []
        for seq in range(1, MOVES + 1):
            value = knob["low"] + (knob["high"] - knob["low"]) * (seq % 20 + 1) / 21
            value = int(value) if knob["kind"] == "integer" else value
            ask = {"method": "update", "state": {"ask": {"seq": seq, "values": {name: value}}}}
            started = time.perf_counter()
            self._send("comm_msg", {"comm_id": self.comm, "data": ask})
            while self._answered() != seq:
                pass
            took.append(1000 * (time.perf_counter() - started))
            time.sleep(0.1)  # a hand, not a machine gun
        return took

    def _answered(self):
        content = self._receive()["content"]
        return content.get("data", {}).get("state", {}).get("answer", {}).get("seq")


def memory_mb(names):
    """Each learner's server with its kernels: proportional set size in MB (10**6 bytes)."""
    servers = {}
    for process in psutil.process_iter(["cmdline"]):
        if "jupyterhub.singleuser" in " ".join(process.info["cmdline"] or []):
            try:
                name = process.environ().get("JUPYTERHUB_USER")
                family = [process, *process.children(recursive=True)]
                servers[name] = sum(each.memory_full_info().pss for each in family) / 1e6
            except psutil.Error:
                continue
    return [servers[name] for name in names if name in servers]


def timed(act):
    started = time.monotonic()
    try:
        answer = act()
    except Exception as error:
        return time.monotonic() - started, error
    return time.monotonic() - started, answer


def class_of(hub, size):
    """Let a class of this size begin at the same moment; print what each step took."""
    learners = [Learner(hub, f"c{size}-{i:02d}") for i in range(size)]
    told = {}
    cpu = psutil.cpu_percent(None)
    with ThreadPoolExecutor(size) as pool:
        for step in ("log_in", "run_lesson", "move_slider"):
            told[step] = list(pool.map(lambda each, step=step: timed(getattr(each, step)), learners))
            failed = [answer for _, answer in told[step] if isinstance(answer, Exception)]
            for error in failed[:1]:
                print(f"  {size} learners, {step}: {len(failed)} failed, first: {error!r}")
            learners = [
                each
                for each, (_, answer) in zip(learners, told[step], strict=True)
                if not isinstance(answer, Exception)
            ]
    cpu = psutil.cpu_percent(None)
    moves = [ms for _, answer in told["move_slider"] if isinstance(answer, list) for ms in answer]
    errors = sum(len(answer) for _, answer in told["run_lesson"] if isinstance(answer, list))
    memory = memory_mb([each.name for each in learners])
    report(f"{size} learners on a hub, slider to answer, p50", statistics.median(moves), "ms")
    report(f"{size} learners on a hub, memory for each", statistics.median(memory), "MB")
    seconds = {step: statistics.median(took for took, _ in told[step]) for step in ("log_in", "run_lesson")}
    p95 = statistics.quantiles(moves, n=20)[-1] if len(moves) > 1 else float("nan")
    print(
        f"{size:8} {len(learners):8} {seconds['log_in']:9.1f} {seconds['run_lesson']:9.1f} {errors:7}"
        f" {statistics.median(moves):10.0f} {p95:10.0f} {statistics.median(memory):11.0f} {cpu:6.0f}",
        flush=True,
    )


def main():
    sizes = [int(size) for size in sys.argv[1:]] or [1, 4, 8]
    watchdog = threading.Timer(1200, lambda: os.kill(os.getpid(), signal.SIGTERM))
    watchdog.daemon = True
    watchdog.start()
    print(f"{os.cpu_count()} processors, {psutil.virtual_memory().total / 2**30:.0f} GiB")
    print("learners finished  log in s  lesson s  errors  slider ms     p95 ms  MB/learner  CPU %")
    with tempfile.TemporaryDirectory(prefix="engineroom-hub-") as folder:
        hub = Hub(Path(folder))
        signal.signal(signal.SIGTERM, lambda *_: (hub.stop(), os._exit(3)))  # threads may wait for long
        try:
            for size in sizes:
                class_of(hub, size)
        finally:
            hub.stop()


if __name__ == "__main__":
    main()
