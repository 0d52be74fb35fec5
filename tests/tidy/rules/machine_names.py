"""Nothing tracked names a package registry or a path of somebody's machine: both are theirs to choose."""

import re

FORBIDDEN = [
    (re.compile(r"\b(deb|ftp|security|archive|snapshot)(\.\w+)*\.(debian|ubuntu)\.\w+", re.IGNORECASE),
     "the system's own apt sources say where packages come from"),
    (re.compile(r"\b(repo\d?|central|registry|index|proxy|files|static|conan|center)\.([\w-]+\.)*"
                r"(maven|sonatype|npmjs|yarnpkg|pypi|pythonhosted|crates|golang|docker|conan)\b", re.IGNORECASE),
     "the tools' own settings say where packages come from"),
    (re.compile(r"(?<![\w.:/~$}-])/(work|root|Users|home/\w+)/"), "a path of one machine"),
]


def check(tree):
    for path in tree.files:
        text = tree.text(path)
        for number, line in enumerate((text or "").splitlines(), 1):
            for pattern, why in FORBIDDEN:
                found = pattern.search(line)
                if found:
                    yield f"{path}:{number}: '{found[0]}': {why}"
