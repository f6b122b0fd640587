"""Modules of the templates → one piece of code: all of them, or no more than is used.

They are written so that this is easy: what a module declares begins at the start of a line, its comment stands right
above it, and no two modules of one page declare the same name.
"""

import re
from collections.abc import Iterable, Iterator

_IMPORT = re.compile(r"^import \{[^}]*\} from '\./[\w-]+\.js';\n", re.MULTILINE)
_DECLARED = re.compile(r"(?:export )?(?:async )?(?:function|class|const|let) (\w+)|import (\w+) from|(globalThis)\.")
_COMMENT = re.compile(r"^\s*//.*$| // .*$", re.MULTILINE)
_WORD = re.compile(r"\w+")


def joined(modules: Iterable[str], *, exports: Iterable[str]) -> str:
    """Return all modules as one, which exports these names."""
    code = "\n\n".join(_bare(module) for module in modules)
    return f"{code}\n\nexport {{{', '.join(exports)}}};\n"


def shaken(modules: Iterable[str], roots: str) -> str:
    """Return those declarations of the modules that the code `roots` needs, and what these need, in their order."""
    pieces = [piece for module in modules for piece in _declarations(_bare(module))]
    declared = dict(pieces)
    needed: set[str] = set()
    found = _used(roots) & declared.keys()
    while found:
        needed |= found
        found = {name for one in found for name in _used(declared[one])} & declared.keys() - needed
    return "\n".join(body for name, body in pieces if name in needed).rstrip() + "\n"


def _bare(module: str) -> str:
    """Return a module as a part of a larger one: what it imports from the others is in sight."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"^export ", "", _IMPORT.sub("", module), flags=re.MULTILINE)).strip()


def _declarations(module: str) -> Iterator[tuple[str, str]]:
    """Yield each declaration: its name, and its text with the comment above it and the blank line below."""
    name, lines, above = "", list[str](), list[str]()
    for line in module.splitlines():
        if (start := _DECLARED.match(line)) is not None:
            if name:
                yield name, "\n".join(lines)
            name, lines, above = next(filter(None, start.groups())), [*above, line], []
        elif line.startswith("//"):
            above.append(line)
        elif not line and above:
            above = []  # a comment on the module
        else:
            lines += [*above, line]
            above = []
    yield name, "\n".join(lines)


def _used(code: str) -> set[str]:
    return set(_WORD.findall(_COMMENT.sub("", code)))
