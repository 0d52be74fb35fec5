#!/usr/bin/env python3
"""The code in docs/guide is a copy of docs/guide/snippets, where tests compile and run it.

    scripts/guide.py                         copies the sources into the pages
    scripts/guide.py --check                 exit code 1 if a page differs from its sources, or shows untested code
    scripts/guide.py extract PAGE FOLDER     writes the files that a page shows whole
    scripts/guide.py commands PAGE NAME      prints the shell commands that a page shows under that name

In a page, the comment before a block says where it comes from:

    <!-- snippet: state.cpp counting -->     the lines between `// [counting]` and `// [/counting]` of that file
    <!-- snippet: first/main.cpp -->         the whole file
    <!-- commands: build -->                 shell commands, which tests/consumer/stranger.sh runs
"""

import pathlib
import re
import sys
import textwrap

GUIDE = pathlib.Path(__file__).resolve().parent.parent / "docs/guide"
SNIPPETS = GUIDE / "snippets"
BLOCK = re.compile(r"(?:<!-- (?P<kind>snippet|commands): (?P<what>[^\n]*?) -->\n)?"
                   r"```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
# Code in these languages must come from a source that is tested.
TESTED = {"cpp": "snippet", "cmake": "snippet", "yaml": "snippet", "sh": "commands"}


class GuideError(Exception):
    """What is wrong, for the reader of a terminal."""


def source_of(what):
    """The text that a block `<!-- snippet: what -->` shows."""
    name, _, region = what.partition(" ")
    path = SNIPPETS / name
    if not path.is_file():
        raise GuideError(f"there is no {path}")
    text = path.read_text(encoding="utf-8")
    if not region:
        return text
    found = re.search(rf"^[ \t]*(?://|#) \[{re.escape(region)}\]\n(.*?)^[ \t]*(?://|#) \[/{re.escape(region)}\]$", text,
                      re.MULTILINE | re.DOTALL)
    if not found:
        raise GuideError(f"{path} has no region [{region}]")
    inner = re.sub(r"^[ \t]*(?://|#) \[/?[\w-]+\]\n", "", found[1], flags=re.MULTILINE)
    return textwrap.dedent(inner)


def renewed(page, text):
    """The page with its snippets as the sources have them."""
    def renew(match):
        language, kind = match["language"], match["kind"]
        if not language and not kind:
            return match[0]
        if TESTED.get(language, kind) != kind:
            line = text.count("\n", 0, match.start()) + 1
            raise GuideError(f"{page}:{line}: a block of {language} needs a comment <!-- {TESTED[language]}: ... -->")
        if kind != "snippet":
            return match[0]
        return f"<!-- snippet: {match['what']} -->\n```{language}\n{source_of(match['what'])}```"
    return BLOCK.sub(renew, text)


def pages():
    return sorted(GUIDE.glob("*.md"))


def unused_sources():
    """Whole files, regions and messages that no page shows."""
    shown = {match["what"] for page in pages() for match in BLOCK.finditer(page.read_text(encoding="utf-8"))
             if match["kind"] == "snippet"}
    for path in sorted(SNIPPETS.rglob("*")):
        name = str(path.relative_to(SNIPPETS))
        if path.is_file() and path.name != "guide_test.hpp":
            regions = re.findall(r"^[ \t]*(?://|#) \[([\w-]+)\]$", path.read_text(encoding="utf-8"), re.MULTILINE)
            for what in [f"{name} {region}" for region in regions] or [name]:
                if what not in shown:
                    yield what


def update(check):
    failed = False
    for page in pages():
        text = page.read_text(encoding="utf-8")
        new = renewed(page, text)
        if new != text and check:
            print(f"{page} differs from docs/guide/snippets: run scripts/guide.py")
            failed = True
        elif new != text:
            page.write_text(new, encoding="utf-8")
    for what in unused_sources():
        print(f"no page shows docs/guide/snippets/{what}")
        failed = True
    return 1 if failed else 0


def extract(page, folder):
    for match in BLOCK.finditer(pathlib.Path(page).read_text(encoding="utf-8")):
        if match["kind"] == "snippet" and " " not in match["what"]:
            target = pathlib.Path(folder) / pathlib.PurePath(match["what"]).name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(match["body"], encoding="utf-8")


def commands(page, name):
    blocks = [match["body"] for match in BLOCK.finditer(pathlib.Path(page).read_text(encoding="utf-8"))
              if match["kind"] == "commands" and match["what"] == name]
    if not blocks:
        raise GuideError(f"{page} has no commands named {name}")
    print("".join(blocks), end="")


def main():
    try:
        match sys.argv[1:]:
            case []:
                return update(check=False)
            case ["--check"]:
                return update(check=True)
            case ["extract", page, folder]:
                extract(page, folder)
            case ["commands", page, name]:
                commands(page, name)
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except GuideError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
