"""Third-party headers stay in their homes (framework/README.md, second table), and in no public header."""

import fnmatch
import re

# Headers without a slash and a suffix are the standard library's. These are C's and POSIX's.
POSIX = re.compile(r"(sys|linux|netinet|arpa)/\w+\.h|(unistd|fcntl|signal|poll|pthread|dirent|dlfcn|errno|execinfo"
                   r"|getopt|malloc|netdb|sched|semaphore|stdint|stdio|stdlib|string|strings|termios|time|cxxabi)\.h")
STANDARD = re.compile(r"[a-z_0-9]+")


def check(tree):
    for path in tree.cpp_files:
        for include in tree.includes(path):
            if not include.quoted or _home(tree, include.name) is not None:
                yield from _check_include(tree, path, include)


def _check_include(tree, path, include):
    name = include.name
    if name.startswith("millrace/") or STANDARD.fullmatch(name) or POSIX.fullmatch(name):
        return
    if tree.exists(f"framework/{tree.layer_of(path)}/src/{name}"):
        return
    home = _home(tree, name)
    if home is None:
        yield f"{path}:{include.line}: {name} has no home: give its library a row in framework/README.md, with an ADR"
    elif not any(_is_below(path, folder) for folder in home):
        yield f"{path}:{include.line}: {name} may be included only in: {', '.join(home)}"


def _home(tree, name):
    for prefix, folders in tree.third_party_homes.items():
        if name == prefix or (prefix.endswith("/") and name.startswith(prefix)):
            return folders
    return None


def _is_below(path, folder):
    """`folder` is a pattern whose `*` stands for one name; fnmatch alone would let it cross slashes."""
    path_parts, folder_parts = path.split("/"), folder.split("/")
    return len(path_parts) > len(folder_parts) and all(map(fnmatch.fnmatchcase, path_parts, folder_parts))
