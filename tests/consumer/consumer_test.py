#!/usr/bin/env python3
"""Other projects find, compile, link and run millrace: from an install of a build folder, and with add_subdirectory.

Usage: consumer_test.py CLASS BUILD_FOLDER; everything in BUILD_FOLDER is built already.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROJECT = HERE / "project"
BUILD = pathlib.Path()


def cached(name):
    """A value of the build folder's cache; empty if there is none."""
    found = re.search(rf"^{name}:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else ""


def run(*command, env=None, cwd=None):
    """Standard output and error of a command, and its exit code."""
    done = subprocess.run([str(part) for part in command], env={**os.environ, **(env or {})}, cwd=cwd,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout.decode(errors="replace")


class Consumer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-consumer-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    def done(self, *command, **options):
        code, text = run(*command, **options)
        self.assertEqual(code, 0, f"{' '.join(map(str, command))}\n{text}")
        return text

    def configure(self, name, *arguments):
        """(exit code, what CMake said) for a build folder of that name. Sanitizers must match those of the archives."""
        sanitize = cached("MILLRACE_SANITIZE")
        return run("cmake", "-S", PROJECT, "-B", self.folder / name, "-G", "Ninja", *arguments,
                   *([f"-DCMAKE_CXX_FLAGS=-fsanitize={sanitize} -fno-sanitize-recover=all"] if sanitize else []))

    def build_and_try(self, name, *arguments):
        """The project builds, its test passes, its program works; returns what it says about its topology."""
        code, text = self.configure(name, *arguments)
        self.assertEqual(code, 0, text)
        build = self.folder / name
        self.done("cmake", "--build", build)
        self.assertIn("100% tests passed, 0 tests failed out of 1", self.done("ctest", "--test-dir", build))
        return self.done(build / "orders", "describe")


class Install(Consumer):
    """The tree is staged with DESTDIR for another prefix, then moved: nothing may know where it was made."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        stage = cls.folder / "stage"
        code, text = run("cmake", "--install", BUILD, "--prefix", "/opt/millrace", env={"DESTDIR": str(stage)})
        assert code == 0, text
        cls.prefix = cls.folder / "moved" / "mill race"
        cls.prefix.parent.mkdir()
        (stage / "opt/millrace").rename(cls.prefix)
        cls.left_in_stage = [path for path in stage.rglob("*") if not path.is_dir()]

    def test_everything_goes_below_the_prefix(self):
        self.assertEqual(self.left_in_stage, [])
        self.assertTrue((self.prefix / "share/doc/millrace/LICENSE").is_file())

    def test_no_file_names_the_place_it_was_made_in(self):
        for path in self.prefix.rglob("*"):
            if path.suffix in (".cmake", ".pc"):
                text = path.read_text(encoding="utf-8")
                for place in (str(ROOT), str(BUILD), "/opt/millrace"):
                    self.assertNotIn(place, text, path)

    def test_every_public_header_and_what_it_includes_is_there(self):
        include = self.prefix / "include"
        expected = {path.relative_to(folder) for folder in ROOT.glob("framework/**/include")
                    for path in folder.rglob("*") if path.is_file()}
        found = {path.relative_to(include) for path in include.rglob("*") if path.is_file()}
        self.assertEqual(found, expected)
        for header in found:
            for name in re.findall(r"#\s*include\s*<(millrace/[^>]+)>", (include / header).read_text(encoding="utf-8")):
                self.assertIn(pathlib.Path(name), found, f"{header} includes it")

    def test_a_project_builds_against_it(self):
        text = self.build_and_try("project", f"-DCMAKE_PREFIX_PATH={self.prefix}")
        self.assertIn("turnover", text)

    def test_only_what_is_linked_is_looked_for(self):
        cache = self.configure("lean", f"-DCMAKE_PREFIX_PATH={self.prefix}", "-DCMAKE_DISABLE_FIND_PACKAGE_CLI11=ON",
                               "-DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON")
        self.assertEqual(cache[0], 0, cache[1])

    def test_a_version_and_parts_that_are_there(self):
        version = re.search(r"VERSION (\d+\.\d+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
                            .split("project(")[1])[1]
        found = self.configure("version", f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DORDERS_MILLRACE_VERSION={version}",
                               "-DORDERS_MILLRACE_COMPONENTS=millrace;testing")
        self.assertEqual(found[0], 0, found[1])

    def test_a_version_or_part_that_is_not_there_is_refused(self):
        for wrong in ("-DORDERS_MILLRACE_VERSION=99.0", "-DORDERS_MILLRACE_COMPONENTS=kafka"):
            code, text = self.configure("wrong", f"-DCMAKE_PREFIX_PATH={self.prefix}", wrong)
            shutil.rmtree(self.folder / "wrong")
            self.assertNotEqual(code, 0, wrong)
            self.assertIn("millrace", text)

    def test_pkg_config_tells_a_compiler_all_it_needs(self):
        if cached("MILLRACE_SANITIZE"):
            self.skipTest("pkg-config knows nothing of sanitizers")
        env = {"PKG_CONFIG_PATH": str(self.prefix / "lib/pkgconfig")}
        self.assertIn("millrace_testing", self.done("pkg-config", "--libs", "millrace-testing", env=env))
        self.done("sh", "-c", f'eval c++ -std=c++20 "{PROJECT}/main.cpp" -o by_hand '
                  '"$(pkg-config --cflags --libs millrace)"', env=env, cwd=self.folder)
        self.assertIn("1.0", self.done(self.folder / "by_hand", "--version"))


class AddSubdirectory(Consumer):
    @classmethod
    def setUpClass(cls):
        # A neighbour of the build folder: ccache, which sees relative paths, then knows most of it already.
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="consumer-", dir=BUILD.parent))
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    def test_a_project_builds_with_the_sources_within_it(self):
        # The build's own flags, for the same reason.
        flags = [f"-D{name}={cached(name)}" for name in
                 ("CMAKE_BUILD_TYPE", "CMAKE_CXX_FLAGS_RELEASE", "CMAKE_CXX_FLAGS_RELWITHDEBINFO", "MILLRACE_SANITIZE")]
        ccache = shutil.which("ccache")
        text = self.build_and_try(".", f"-DMILLRACE_SOURCE={ROOT}", "-DMILLRACE_WARNINGS_AS_ERRORS=ON", *flags,
                                  *([f"-DCMAKE_CXX_COMPILER_LAUNCHER={ccache}"] if ccache else []))
        self.assertIn("turnover", text)
        cache = (self.folder / "CMakeCache.txt").read_text(encoding="utf-8")
        for part in ("TESTS", "BENCHMARKS", "APPS", "EXAMPLES"):
            self.assertIn(f"MILLRACE_BUILD_{part}:BOOL=OFF", cache)


def main():
    global BUILD
    name, build = sys.argv[1:]
    BUILD = pathlib.Path(build).resolve()
    os.environ.setdefault("CCACHE_BASEDIR", str(ROOT))
    os.environ.setdefault("CCACHE_NOHASHDIR", "true")
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(globals()[name])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
