"""IPython's shell for the notebooks of strangers: what belongs to their surroundings is harmless.

A notebook was written in Colab or in JupyterLab, with packages, files and a network that are not
here. A line that needs them is left out or fails, and says so; the lines below it run all the same,
so that a right answer in the same cell counts.
"""

import ast
import base64
import builtins
import importlib
import io
import pdb
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from IPython.core.displayhook import CapturingDisplayHook
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.text import SList
from traitlets.config import Config

from cnnlab.grading.texts import tr

# Magics that prepare a notebook's surroundings, and those whose cell is no Python.
SETTINGS = {
    *("matplotlib", "pylab", "pip", "conda", "mamba", "micromamba", "uv", "cd", "load_ext"),
    *("reload_ext", "unload_ext", "autoreload", "config", "tensorflow_version", "gui"),
}
SCRIPTS = {
    *("bash", "sh", "shell", "cmd", "script", "system", "sx", "!", "html", "HTML", "javascript"),
    *("js", "latex", "svg", "SVG", "markdown", "perl", "ruby", "python2", "pypy", "R"),
}
COLAB = ("auth", "data_table", "drive", "files", "output", "patches", "userdata", "widgets")
ERROR, FAILED = "__cnnlab_error__", "__cnnlab_failed__"  # for the code that guards statements
MOST_FIGURES = 20  # of a cell


class Shell(InteractiveShell):
    """A shell that starts no other program."""

    failed: Callable[[BaseException], None] = staticmethod(lambda error: None)

    def system(self, command: str) -> None:
        left_out(f"!{command}")
        self.user_ns["_exit_code"] = 0

    system_raw = system_piped = system

    def getoutput(self, command: str, split: bool = True, depth: int = 0) -> Any:
        left_out(f"!{command}")
        return SList([]) if split else ""

    def run_line_magic(self, magic_name: str, line: str, _stack_depth: int = 1) -> Any:
        if magic_name in SETTINGS:
            return left_out(f"%{magic_name} {line}")
        return super().run_line_magic(magic_name, line, _stack_depth=_stack_depth + 1)

    def run_cell_magic(self, magic_name: str, line: str, cell: str) -> Any:
        if magic_name in SCRIPTS:
            return left_out(f"%%{magic_name} {line}")
        if magic_name in self.magics_manager.magics["cell"]:
            return super().run_cell_magic(magic_name, line, cell)
        left_out(f"%%{magic_name} {line}")
        return self.run_cell(cell, store_history=False).result


class ResultHook(CapturingDisplayHook):
    """Keeps the results of a cell's expressions."""

    is_active = True  # so that IPython does not keep all that is printed
    do_full_cache = False


def make_shell() -> Shell:
    """The shell, without a history and without files; once a process."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor"
    config.InteractiveShell.cache_size = 0
    config.InteractiveShell.xmode = "Context"
    Shell.clear_instance()
    shell = Shell.instance(config=config)
    shell.displayhook = shell.display_trap.hook = ResultHook(shell, [])
    shell.showtraceback = lambda *_, **__: None  # it is in the result of the cell
    shell.ast_transformers.append(EachStatement())
    setattr(builtins, ERROR, Exception)
    setattr(builtins, FAILED, lambda: shell.failed(sys.exc_info()[1]))
    sys.modules.update(colab())
    sys.breakpointhook = pdb.set_trace = lambda *_, **__: left_out("breakpoint()")
    return shell


def left_out(line: str) -> None:
    print(tr("(left out while this notebook is marked: {})").format(line.strip()[:200]))


class EachStatement(ast.NodeTransformer):
    """An error ends its statement only, and not its cell.

    The last line stays as it is where it is an expression: its value is the cell's result.
    """

    def visit_Module(self, tree: ast.Module) -> ast.Module:
        last = tree.body[-1] if tree.body else None
        tree.body = [
            one if one is last and isinstance(one, ast.Expr) else _guarded(one) for one in tree.body
        ]
        return tree


def _guarded(statement: ast.stmt) -> ast.stmt:
    if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
        return statement  # which has to stand by itself
    failed = ast.Expr(ast.Call(ast.Name(FAILED, ast.Load()), [], []))
    handler = ast.ExceptHandler(ast.Name(ERROR, ast.Load()), None, [failed])
    guarded = ast.Try([statement], [handler], [], [])
    return ast.fix_missing_locations(ast.copy_location(guarded, statement))


def colab() -> dict[str, ModuleType]:
    """A stand-in for ``google.colab``, by its modules' names: whatever it has does nothing."""

    def missing(name: str) -> Callable[..., dict]:
        if name.startswith("__"):
            raise AttributeError(name)

        def nothing(*arguments: Any, **named: Any) -> dict:
            left_out(f"google.colab: {name}")
            return {}

        return nothing

    try:
        google = importlib.import_module("google")
    except ImportError:
        google = ModuleType("google")
        google.__path__ = []
    whole = ModuleType("google.colab")
    whole.__path__ = []
    google.colab = whole
    found = {"google": google, "google.colab": whole}
    for name in COLAB:
        part = ModuleType(f"google.colab.{name}")
        part.__getattr__ = missing
        setattr(whole, name, part)
        found[part.__name__] = part
    return found


def show_figures(*_: Any, **__: Any) -> None:
    """Show the open figures of Matplotlib as pictures, and close them, as a notebook does."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return
    publisher = Shell.instance().display_pub
    for number in pyplot.get_fignums()[:MOST_FIGURES]:
        picture = io.BytesIO()
        pyplot.figure(number).savefig(picture, format="png", dpi=72, bbox_inches="tight")
        data = {"image/png": base64.b64encode(picture.getvalue()).decode()}
        publisher.publish(data=data, metadata={})
    pyplot.close("all")


def capture() -> CapturingDisplayPublisher:
    """From now on, what is displayed goes into the outputs of this publisher."""
    shell = Shell.instance()
    publisher = CapturingDisplayPublisher()
    shell.display_pub = publisher
    shell.displayhook.outputs = publisher.outputs
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.show = show_figures
    return publisher
