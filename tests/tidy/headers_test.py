#!/usr/bin/env python3
"""The build's check of public headers finds one that does not compile alone. Needs cmake, ninja and a compiler."""

import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROJECT = f"""
cmake_minimum_required(VERSION 3.25)
project(planted CXX)
include({ROOT}/cmake/layer.cmake)
add_subdirectory(base)
"""


def build(root, header):
    folder = root / "base/include/millrace/base"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "planted.hpp").write_text(header, encoding="utf-8")
    return subprocess.run(["cmake", "--build", str(root / "build"), "--target", "all_verify_interface_header_sets"],
                          capture_output=True, text=True, check=False)


def main():
    with tempfile.TemporaryDirectory(prefix="millrace-headers-") as name:
        root = pathlib.Path(name)
        (root / "CMakeLists.txt").write_text(PROJECT, encoding="utf-8")
        (root / "base").mkdir()
        (root / "base/CMakeLists.txt").write_text("millrace_layer(base)\n", encoding="utf-8")
        (root / "base/include/millrace/base").mkdir(parents=True)
        (root / "base/include/millrace/base/planted.hpp").write_text("#pragma once\n", encoding="utf-8")
        subprocess.run(["cmake", "-S", str(root), "-B", str(root / "build"), "-G", "Ninja"], check=True,
                       stdout=subprocess.DEVNULL)
        alone = build(root, "#pragma once\n#include <string>\ninline std::string planted() { return {}; }\n")
        assert alone.returncode == 0, alone.stdout
        lacking = build(root, "#pragma once\ninline std::string planted() { return {}; }\n")
        assert lacking.returncode != 0, "a header without its includes went through"
        assert "planted.hpp" in lacking.stdout, lacking.stdout


if __name__ == "__main__":
    main()
