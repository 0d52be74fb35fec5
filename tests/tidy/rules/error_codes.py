"""The table of error codes: each code stands once, is reported somewhere and tested; documents name no others."""

import re

TABLE = "framework/base/include/millrace/base/error_codes.def"
# These name codes without making the error happen.
NO_TESTS = ("tests/tidy/", "tests/unit/base/")


def check(tree):
    codes = {}
    retired = set(re.findall(r"\d+", "".join(re.findall(r"^// Retired.*", tree.text(TABLE), re.MULTILINE))))
    for match in re.finditer(r"^X\((\d+), (\w+),", tree.text(TABLE), re.MULTILINE):
        code = f"MR-{int(match[1]):04}"
        if code in codes or match[2] in codes.values():
            yield f"{TABLE}: {code} or {match[2]} stands twice"
        if match[1] in retired:
            yield f"{TABLE}: {code} is retired: numbers are not used again"
        codes[code] = match[2]
    yield from _check_documents(tree, codes)
    reported = _words(tree, ("framework/", "apps/"))
    tested = _words(tree, ("tests/",))
    for code, name in codes.items():
        if name not in reported:
            yield f"{TABLE}: nobody reports {code} ({name}): retire it"
        elif not tested & {code, name}:
            yield f"{TABLE}: no test makes {code} ({name}) happen"


def _check_documents(tree, codes):
    for path in tree.with_suffix(".md", ".yaml", ".yml"):
        for number, line in enumerate((tree.text(path) or "").splitlines(), 1):
            for code in re.findall(r"\bMR-\d{4}\b", line):
                if code not in codes:
                    yield f"{path}:{number}: {code} is not in {TABLE}"


def _words(tree, folders):
    """Codes and enumerators named in the sources below these folders."""
    words = set()
    for path in tree.with_suffix(".cpp", ".hpp", ".py", ".sh", ".txt"):
        if path.startswith(folders) and not path.startswith(NO_TESTS):
            words.update(re.findall(r"\bErrorCode::(\w+)|\b(MR-\d{4})\b", tree.text(path) or ""))
    return {word for pair in words for word in pair if word}
