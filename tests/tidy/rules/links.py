"""Links between documents lead somewhere."""

import posixpath
import re


def check(tree):
    known = set(tree.files)
    for path in tree.files:
        known.update(_parents(path))
    for path in tree.with_suffix(".md"):
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            for target in re.findall(r"\]\(([^)\s]+)\)", line):
                if re.match(r"[a-z]+:|#", target):
                    continue
                file = posixpath.normpath(posixpath.join(posixpath.dirname(path), target.split("#")[0]))
                if file not in known:
                    yield f"{path}:{number}: links to {target}, which is not there"


def _parents(path):
    while path := posixpath.dirname(path):
        yield path
