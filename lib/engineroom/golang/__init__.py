"""Everything that touches the Go toolchain: find, build, run, `%%go`, read a trace."""

from engineroom.golang.build import GoBuildError, GoRunError, Program, build, build_source, json_lines
from engineroom.golang.toolchain import GoMissing, Toolchain, find_go, go_environment
from engineroom.kit.children import Finished, Limits

__all__ = [
    "Finished",
    "GoBuildError",
    "GoMissing",
    "GoRunError",
    "Limits",
    "Program",
    "Toolchain",
    "build",
    "build_source",
    "find_go",
    "go_environment",
    "json_lines",
]
