"""The files that the rules look at, and the tables of framework/README.md that the rules enforce."""

import dataclasses
import functools
import pathlib
import re
import subprocess

IGNORED_FOLDERS = {".git", ".cache", "build", "__pycache__", "target"}
CPP_SUFFIXES = {".cpp", ".hpp"}


@dataclasses.dataclass(frozen=True)
class Include:
    line: int
    name: str
    quoted: bool


class Tree:
    """A folder laid out as this repository is: the repository itself, or what a self-test has planted."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()

    @functools.cached_property
    def files(self):
        """Paths relative to the root, sorted: what git tracks or would track; without git, all but build folders."""
        if (self.root / ".git").exists():
            listing = subprocess.run(
                ["git", "-c", f"safe.directory={self.root}", "-C", str(self.root), "ls-files", "-z", "--cached",
                 "--others", "--exclude-standard"], check=True, capture_output=True).stdout.decode()
            paths = {name for name in listing.split("\0") if name and (self.root / name).is_file()}
        else:
            paths = {str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()}
        return sorted(path for path in paths if not IGNORED_FOLDERS & set(pathlib.PurePath(path).parts))

    def with_suffix(self, *suffixes):
        return [path for path in self.files if pathlib.PurePath(path).suffix in suffixes]

    @property
    def cpp_files(self):
        return self.with_suffix(*CPP_SUFFIXES)

    @functools.lru_cache(maxsize=None)
    def text(self, path):
        """The file as text; None for a binary."""
        try:
            return (self.root / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return None

    def includes(self, path):
        for number, line in enumerate(self.text(path).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if match:
                yield Include(number, match[2], match[1] == '"')

    def exists(self, path):
        return (self.root / path).is_file()

    @functools.cached_property
    def layers(self):
        """Layer -> the layers of its row in framework/README.md."""
        rows = self._table("Layers")
        return {_code(row[0])[0]: _code(row[2]) for row in rows}

    @functools.cached_property
    def third_party_homes(self):
        """Prefix of a third-party header -> glob patterns of the folders that may include it."""
        return {prefix: _code(row[2]) for row in self._table("Third-party homes") for prefix in _code(row[1])}

    def reach(self, layer):
        """`layer` and everything below it."""
        found, todo = set(), [layer]
        while todo:
            current = todo.pop()
            if current not in found:
                found.add(current)
                todo.extend(self.layers.get(current, []))
        return found

    def layer_of(self, path):
        """The layer that a path below framework/ belongs to, None for any other path."""
        parts = pathlib.PurePath(path).parts
        if len(parts) < 3 or parts[0] != "framework":
            return None
        return "/".join(parts[1:3]) if parts[1] == "adapters" and len(parts) > 3 else parts[1]

    def owner_of_header(self, name):
        """The layer with the public header <name>, None if no layer has it."""
        for layer in self.layers:
            if self.exists(f"framework/{layer}/include/{name}"):
                return layer
        return None

    def _table(self, heading):
        text = (self.root / "framework/README.md").read_text(encoding="utf-8")
        section = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
        if not section:
            raise ValueError(f"framework/README.md has no section '{heading}'")
        lines = [line for line in section[1].splitlines() if line.startswith("|")]
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def _code(cell):
    return re.findall(r"`([^`]+)`", cell)


def without_comments_and_strings(text):
    """C++ with comments and literals blanked out; line numbers stay."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match[0])
    pattern = r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\''
    return re.sub(pattern, blank, text, flags=re.DOTALL)
