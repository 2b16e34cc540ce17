"""Which module of a package imports which, read from the source: nothing is run.

An import inside a function counts like any other: it only hides an arrow from Python.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

Arrows = dict[str, set[str]]


def modules(package: Path) -> dict[str, Path]:
    """The files of a package by their dotted names."""
    found = {}
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = file
    return found


def homes(tree: ast.Module) -> dict[str, str]:
    """The table of a package whose names are imported when they are first asked for."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "HOMES":
            return ast.literal_eval(node.value)
    return {}


class Imports:
    """The imports of a package's modules, and of sources outside that use the package."""

    def __init__(self, package: Path) -> None:
        self.root, self.files = package.name, modules(package)
        trees = {name: ast.parse(file.read_text("utf-8")) for name, file in self.files.items()}
        self.homes = {name: homes(tree) for name, tree in trees.items()}
        self.arrows: Arrows = {
            name: {one for one in self.needed(tree, name) if one in self.files} - {name}
            for name, tree in trees.items()
        }

    def target(self, module: str, name: str) -> str:
        """The module that ``from module import name`` needs."""
        home = self.homes.get(module, {}).get(name, name)
        return f"{module}.{home}" if f"{module}.{home}" in self.files else module

    def needed(self, tree: ast.Module, importer: str = "") -> Iterator[str]:
        """What a source imports, by dotted names; ``importer`` is the module that it is."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    is_package = self.files[importer].name == "__init__.py"
                    up = importer.split(".")[: (1 if is_package else 0) - node.level or None]
                    base = ".".join([*up, *filter(None, [base])])
                yield from (self.target(base, alias.name) for alias in node.names)

    def reach(self, source: str) -> set[str]:
        """All modules that a source outside the package uses, directly or through others.

        A package that is imported as a whole counts with all names that it imports late; of the
        outermost one, ``package.name`` counts with the home of this name.
        """
        tree = ast.parse(source)
        waiting, found = set(self.needed(tree)), set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == self.root:
                waiting.add(self.target(self.root, node.attr))
        while waiting:
            module = waiting.pop()
            if module in self.files and module not in found:
                found.add(module)
                late = self.homes[module] if module != self.root else {}
                waiting |= self.arrows[module] | {self.target(module, name) for name in late}
        return found
