"""shellcheck finds nothing in the shell scripts, from its level `warning` up."""

import shutil
import subprocess

from rules.shell_syntax import shell_scripts


class Unavailable(Exception):
    """The rule cannot be checked on this machine."""


def check(tree):
    if shutil.which("shellcheck") is None:
        raise Unavailable("shellcheck is not installed (packages.txt, group tests)")
    scripts = list(shell_scripts(tree))
    if scripts:
        result = subprocess.run(["shellcheck", "-x", "-S", "warning", "-f", "gcc", *scripts], cwd=tree.root,
                                capture_output=True, text=True, check=False)
        yield from result.stdout.splitlines()
