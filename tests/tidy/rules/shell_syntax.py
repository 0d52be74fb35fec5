"""Every shell script parses."""

import re
import subprocess


def shell_scripts(tree):
    for path in tree.files:
        text = tree.text(path) or ""
        if path.endswith(".sh") or re.match(r"#!\S*[/ ](env )?(ba)?sh\b", text):
            yield path


def check(tree):
    for path in shell_scripts(tree):
        result = subprocess.run(["bash", "-n", str(tree.root / path)], capture_output=True, text=True, check=False)
        if result.returncode != 0:
            yield f"{path}: bash -n: {result.stderr.strip()}"
