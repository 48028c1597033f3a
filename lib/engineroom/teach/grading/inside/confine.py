"""Gives up, step by step, what a learner's process must not have. Linux only.

The sandbox around it (bubblewrap) already hides the machine; these steps keep one submission from
the next, and bound what it uses. Nothing here can be taken back by the process itself.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
from collections.abc import Sequence

__all__ = [
    "forbid_system_calls",
    "limit_resources",
    "own_namespaces",
    "program_filter",
    "scratch_folders",
    "system_call_filter",
]

NEW_MOUNTS, NEW_IPC, NEW_PIDS, NEW_THREAD = 0x20000, 0x8000000, 0x20000000, 0x10000
NO_SUID, NO_DEVICES, PRIVATE, RECURSIVE = 2, 4, 1 << 18, 1 << 14
SET_DUMPABLE, SET_SECCOMP, SET_NO_NEW_PRIVILEGES, SECCOMP_FILTER = 4, 22, 38, 2
NOT_PERMITTED, NOT_THERE = 1, 38
SCRATCH_MB = 64

# numbers of system calls: fork, vfork, execve, execveat, ptrace, process_vm_readv and _writev, unshare,
# setns, mount, umount2, pivot_root, chroot, bpf, perf_event_open, keyctl, add_key, request_key,
# userfaultfd, io_uring_setup, prctl, pidfd_getfd, move_mount, open_tree, fsopen, mount_setattr
MACHINES = {
    "x86_64": {
        "audit": 0xC000003E,
        "clone": 56,
        "to start": (59, 157),
        "clone3": 435,
        "refused": [
            *(57, 58, 59, 322, 101, 310, 311, 272, 308, 165, 166, 155, 161, 321, 298, 250, 248, 249, 323),
            *(425, 157, 438, 429, 428, 430, 442),
        ],
    },
    "aarch64": {
        "audit": 0xC00000B7,
        "clone": 220,
        "to start": (221, 167),
        "clone3": 435,
        "refused": [
            *(221, 281, 117, 270, 271, 97, 268, 40, 39, 41, 51, 280, 241, 219, 217, 218, 282),
            *(425, 167, 438, 429, 428, 430, 442),
        ],
    },
}


def _call(name: str, *arguments: object) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def own_namespaces() -> None:
    """Give the next child processes numbers, mounts and shared memory of their own.

    Raises:
        OSError: when the kernel refuses it.
    """
    _call("unshare", NEW_PIDS | NEW_MOUNTS | NEW_IPC)
    _call("mount", b"none", b"/", None, PRIVATE | RECURSIVE, None)


def scratch_folders(places: Sequence[str]) -> None:
    """Put an empty folder in memory, of 64 MB and of this submission alone, over each of these places."""
    for place in places:
        options = f"size={SCRATCH_MB}m,nr_inodes=10000".encode()
        _call("mount", b"tmpfs", place.encode(), b"tmpfs", NO_SUID | NO_DEVICES, options)


def limit_resources(memory_mb: int, cpu_s: int) -> None:
    """Bound address space, processor time, open files and the size of a file."""
    limits = {
        resource.RLIMIT_AS: memory_mb * 1_000_000,
        resource.RLIMIT_CPU: cpu_s,
        resource.RLIMIT_FSIZE: SCRATCH_MB * 1_000_000,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
    }
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))


def forbid_system_calls() -> None:
    """Drop all capabilities and refuse new processes, other programs, debugging and mounts for good.

    Raises:
        OSError: when this machine's processor or kernel has no such filter.
    """
    machine = MACHINES.get(platform.machine())
    if machine is None:
        raise OSError(f"no filter of system calls is known for {platform.machine()}")
    _call("prctl", SET_DUMPABLE, 0, 0, 0, 0)
    _call("prctl", SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _drop_capabilities()
    code = system_call_filter(machine["refused"])
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    _call("prctl", SET_SECCOMP, SECCOMP_FILTER, ctypes.create_string_buffer(program, len(program)), 0, 0)


def _drop_capabilities() -> None:
    header = struct.pack("Ii", 0x20080522, 0)
    _call("capset", ctypes.create_string_buffer(header, len(header)), ctypes.create_string_buffer(24))


def program_filter() -> bytes:
    """Return the filter for a compiled program: as `forbid_system_calls`, but it may be started."""
    machine = MACHINES[platform.machine()]
    return system_call_filter([n for n in machine["refused"] if n not in machine["to start"]])


def system_call_filter(refused: Sequence[int]) -> bytes:
    """Return a BPF program: foreign ABIs die, clone may only make threads, `refused` are not permitted."""
    machine = MACHINES[platform.machine()]
    load, equal, any_bit, answer = 0x20, 0x15, 0x45, 0x06
    kill, allow = 0x80000000, 0x7FFF0000
    refuse, absent = 0x50000 | NOT_PERMITTED, 0x50000 | NOT_THERE
    steps = [(load, 0, 0, 4), (equal, 1, 0, machine["audit"]), (answer, 0, 0, kill), (load, 0, 0, 0)]
    if platform.machine() == "x86_64":
        steps += [(0x35, 0, 1, 0x40000000), (answer, 0, 0, kill)]  # the x32 numbers
    for number in refused:
        steps += [(equal, 0, 1, number), (answer, 0, 0, refuse)]
    steps += [(equal, 0, 1, machine["clone3"]), (answer, 0, 0, absent)]
    steps += [(equal, 1, 0, machine["clone"]), (answer, 0, 0, allow)]
    steps += [(load, 0, 0, 16), (any_bit, 0, 1, NEW_THREAD), (answer, 0, 0, allow), (answer, 0, 0, refuse)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
