#!/usr/bin/env python3
"""Plants violations in a small tree and expects each rule to find them, and nothing in a tree without any.

ctest runs one class at a time:  self_test.py Arrows
"""

import importlib
import pathlib
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from tree import Tree  # noqa: E402

TABLES = """\
## Layers

| Layer | What it is for | May include |
|---|---|---|
| `base` | ground | nothing |
| `model` | nouns | `base` |
| `state` | stores | `model` |
| `log` | transport | `model` |
| `adapters/rocksdb` | stores on disk | `state` |
| `app` | the top | `adapters/rocksdb` |

## Third-party homes

| Library | Its headers | May be included by |
|---|---|---|
| RocksDB | `rocksdb/` | `framework/adapters/rocksdb/src` |
| microhttpd | `microhttpd.h` | `framework/app/src` |
| fmt | `fmt/` | `framework/*/src` `framework/adapters/*/src` |
| GoogleTest | `gtest/` `gmock/` | `tests` |
"""
DEPENDS = {"base": "", "model": "DEPENDS base", "state": "DEPENDS model PRIVATE fmt::fmt", "log": "DEPENDS model",
           "adapters/rocksdb": "DEPENDS state", "app": "DEPENDS adapters_rocksdb"}
CLEAN = {
    "framework/README.md": TABLES,
    "framework/base/include/millrace/base/bytes.hpp": "#include <string>\n",
    "framework/base/include/millrace/base/error_codes.def":
        '// Retired, and not to be used again: 103 203\n'
        'X(101, TopologyInvalid, StopApplication, "c", "r")\nX(102, Other, Retry, "c", "r")\n',
    "framework/model/include/millrace/model/record.hpp": "#include <millrace/base/bytes.hpp>\n",
    "framework/state/include/millrace/state/store.hpp": "#include <millrace/model/record.hpp>\n",
    "framework/state/src/buffer.hpp": "#include <vector>\n",
    "framework/state/src/buffer.cpp":
        '#include "buffer.hpp"\n#include <millrace/base/bytes.hpp>\n#include <fmt/format.h>\n#include <unistd.h>\n'
        "auto code = {ErrorCode::TopologyInvalid, ErrorCode::Other};\n",
    "framework/log/include/millrace/log/log.hpp": "#include <millrace/model/record.hpp>\n",
    "framework/adapters/rocksdb/src/db.cpp": "#include <rocksdb/db.h>\n#include <millrace/state/store.hpp>\n",
    "tests/unit/state/store_test.cpp":
        "#include <gtest/gtest.h>\n#include <millrace/state/store.hpp>\nauto code = ErrorCode::TopologyInvalid;\n",
    "tests/app/run_test.py": 'expect("MR-0102")\n',
    "scripts/go.sh": "#!/usr/bin/env bash\necho 'hello'\n",
}


class RuleTest(unittest.TestCase):
    rule = None

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="millrace-tidy-"))
        self.addCleanup(shutil.rmtree, self.root)
        for path, text in CLEAN.items():
            self.write(path, text)
        for layer, depends in DEPENDS.items():
            self.write(f"framework/{layer}/CMakeLists.txt", f"millrace_layer({layer.replace('/', '_')} {depends})\n")
            self.write(f"framework/{layer}/README.md", f"# {layer}\n")

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def violations(self):
        return list(importlib.import_module(f"rules.{self.rule}").check(Tree(self.root)))

    def expect_clean(self):
        self.assertEqual(self.violations(), [])

    def expect_found(self, *parts):
        found = self.violations()
        self.assertEqual(len(found), 1, found)
        for part in parts:
            self.assertIn(part, found[0])

    def plant(self, path, text, *parts):
        """Planted alone, the violation is found alone."""
        before = (self.root / path).read_text(encoding="utf-8") if (self.root / path).exists() else None
        self.write(path, text)
        self.expect_found(*parts)
        if before is None:
            (self.root / path).unlink()
        else:
            self.write(path, before)
        self.expect_clean()


class Arrows(RuleTest):
    rule = "arrows"

    def test_clean(self):
        self.expect_clean()

    def test_include_that_points_up(self):
        self.plant("framework/model/src/a.cpp", "\n#include <millrace/state/store.hpp>\n",
                   "framework/model/src/a.cpp:2", "state")

    def test_include_of_a_layer_beside(self):
        self.plant("framework/state/include/millrace/state/b.hpp", "#include <millrace/log/log.hpp>\n", "log")

    def test_include_that_is_spelled_with_quotes(self):
        self.plant("framework/base/src/a.cpp", '#  include "millrace/model/record.hpp"\n', "model")

    def test_header_that_no_layer_has(self):
        self.plant("apps/x/main.cpp", "#include <millrace/state/gone.hpp>\n", "no layer has")

    def test_private_header_of_another_layer(self):
        self.plant("framework/app/src/a.cpp", '#include "buffer.hpp"\n', "private header of state")
        self.plant("tests/unit/state/a_test.cpp", "#include <buffer.hpp>\n", "private header of state")
        self.plant("tests/unit/state/a_test.cpp", '#include "../../../framework/state/src/buffer.hpp"\n', "private")

    def test_own_header_of_the_same_name_is_no_violation(self):
        self.write("framework/app/src/buffer.hpp", "")
        self.write("framework/app/src/a.cpp", '#include "buffer.hpp"\n')
        self.expect_clean()

    def test_cmake_that_says_more_than_the_table(self):
        self.plant("framework/log/CMakeLists.txt", "millrace_layer(log DEPENDS model state PRIVATE fmt::fmt)\n",
                   "framework/log/CMakeLists.txt")


class ThirdParty(RuleTest):
    rule = "third_party"

    def test_clean(self):
        self.expect_clean()

    def test_library_outside_its_home(self):
        self.plant("framework/state/src/a.cpp", "#include <rocksdb/db.h>\n", "framework/adapters/rocksdb/src")
        self.plant("framework/state/src/a.cpp", '#include "rocksdb/db.h"\n', "framework/adapters/rocksdb/src")
        self.plant("framework/state/src/a.cpp", "#include <microhttpd.h>\n", "framework/app/src")

    def test_fmt_in_a_public_header(self):
        self.plant("framework/state/include/millrace/state/a.hpp", "#include <fmt/format.h>\n", "fmt/format.h")

    def test_gtest_outside_tests(self):
        self.plant("framework/state/src/a.cpp", "#include <gtest/gtest.h>\n", "only in: tests")

    def test_library_without_a_home(self):
        self.plant("framework/state/src/a.cpp", "#include <boost/asio.hpp>\n", "no home")


class Ports(RuleTest):
    rule = "ports"

    def test_clean(self):
        self.expect_clean()

    def test_each_forbidden_source(self):
        for line in ("std::this_thread::sleep_for(1ms);", "sleep(1);", "usleep(1);",
                     "auto t = std::chrono::system_clock::now();", "auto t = std::chrono::steady_clock::now();",
                     "auto t = time(nullptr);", "int r = rand();", "std::random_device device;",
                     "std::thread t(f);", "std::jthread t(f);", "std::async(f);", "std::condition_variable wake;"):
            with self.subTest(line):
                self.plant("framework/state/src/a.cpp", f"\n{line}\n", "framework/state/src/a.cpp:2")

    def test_comments_texts_and_types_are_no_violation(self):
        self.write("framework/state/src/a.cpp", '// sleep(1)\n/* std::thread\n rand() */ auto s = "rand()";\n'
                   "using T = std::chrono::steady_clock::time_point; int operand(int); auto x = operand(1);\n"
                   "auto id = std::this_thread::get_id(); int million = 1'000'000; char c = '\"';\n")
        self.expect_clean()

    def test_adapters_app_and_tests_may(self):
        for path in ("framework/app/src/a.cpp", "framework/adapters/rocksdb/src/a.cpp", "tests/unit/base/a.cpp"):
            self.write(path, "std::thread t(f);\n")
        self.expect_clean()

    def test_code_after_a_literal_is_still_seen(self):
        self.plant("framework/state/src/a.cpp", "char c = '\"'; int r = rand();\n", "rand")


class Size(RuleTest):
    rule = "size"

    def test_clean(self):
        self.write("framework/state/src/a.cpp", "x" * 120 + "\n" + "\n" * 499)
        self.expect_clean()

    def test_long_line(self):
        self.plant("framework/state/src/a.cpp", "\n" + "ä" * 121 + "\n", "a.cpp:2", "121 columns")

    def test_long_file(self):
        self.plant("scripts/a.py", "\n" * 501, "501 lines")


class LayerFolders(RuleTest):
    rule = "layer_folders"

    def test_clean(self):
        self.expect_clean()

    def test_missing_readme(self):
        (self.root / "framework/log/README.md").unlink()
        self.expect_found("framework/log/README.md")

    def test_missing_cmake_lists(self):
        (self.root / "framework/adapters/rocksdb/CMakeLists.txt").unlink()
        self.expect_found("framework/adapters/rocksdb/CMakeLists.txt")

    def test_folder_without_a_row(self):
        self.plant("framework/utils/README.md", "# utils\n", "framework/utils")
        self.plant("framework/adapters/odd/src/a.cpp", "", "framework/adapters/odd")


class MachineNames(RuleTest):
    rule = "machine_names"

    def test_clean(self):
        # What only looks like a path of a machine: within an address, behind a variable, relative.
        slash = "/"
        self.write("docs/a.md", f"https://example.org{slash}work/of/art, $HOME{slash}root/x, /var/lib/millrace, "
                                f".{slash}work/x, central\n")
        self.expect_clean()

    def test_registry_hosts(self):
        for host in ("deb." + "debian.org", "ftp.de." + "debian.org", "archive." + "ubuntu.com",
                     "repo1." + "maven.org", "repo." + "maven.apache.org", "registry." + "npmjs.org",
                     "files." + "pythonhosted.org", "index." + "crates.io", "proxy." + "golang.org"):
            with self.subTest(host):
                self.plant("benchmarks/pom.xml", f"\n<url>https://{host}/x</url>\n", "benchmarks/pom.xml:2")

    def test_paths_of_one_machine(self):
        for path in ("/" + "work/main/x", "/" + "home/ann/x", "/" + "root/x", "/" + "Users/ann/x"):
            with self.subTest(path):
                self.plant("docs/a.md", f"see {path}\n", "docs/a.md:1")


TABLE_PATH = "framework/base/include/millrace/base/error_codes.def"
TABLE = CLEAN[TABLE_PATH]


class ErrorCodes(RuleTest):
    rule = "error_codes"

    def test_clean(self):
        self.write("docs/a.md", "MR-0101, MR-nnnn\n")
        self.expect_clean()

    def test_unknown_code_in_a_document(self):
        self.plant("docs/a.md", "see MR-0199\n", "MR-0199")
        self.plant("config/a.yaml", "# see MR-0199\n", "MR-0199")

    def test_number_that_stands_twice(self):
        self.plant(TABLE_PATH, TABLE + 'X(101, TopologyInvalid, Retry, "c", "r")\n', "stands twice")

    def test_number_that_was_retired(self):
        self.write("framework/state/src/a.cpp", "ErrorCode::Again\n")
        self.write("tests/a.cpp", "ErrorCode::Again\n")
        self.plant(TABLE_PATH, TABLE + 'X(203, Again, Retry, "c", "r")\n', "MR-0203 is retired")

    def test_code_that_nobody_reports(self):
        self.write("tests/a.cpp", "ErrorCode::Lonely\n")
        self.plant(TABLE_PATH, TABLE + 'X(104, Lonely, Retry, "c", "r")\n', "nobody reports MR-0104 (Lonely)")

    def test_code_without_a_test(self):
        self.write("framework/state/src/a.cpp", "ErrorCode::Daring\n")
        # Neither of these makes the error happen.
        self.write("tests/unit/base/a.cpp", "ErrorCode::Daring\n")
        self.write("tests/tidy/a.py", "MR-0104\n")
        self.write("docs/a.md", "Daring\n")
        self.plant(TABLE_PATH, TABLE + 'X(104, Daring, Retry, "c", "r")\n', "no test makes MR-0104 (Daring) happen")


class Links(RuleTest):
    rule = "links"

    def test_clean(self):
        self.write("docs/a.md", "[b](b.md#part) [up](../scripts/go.sh) [folder](../framework/base/) [w](https://a.b)\n")
        self.write("docs/b.md", "[here](#part)\n")
        self.expect_clean()

    def test_link_to_nothing(self):
        self.plant("docs/a.md", "\n[gone](gone.md)\n", "docs/a.md:2", "gone.md")
        self.plant("docs/a.md", "[gone](../framework/gone/)\n", "gone")


class ShellSyntax(RuleTest):
    rule = "shell_syntax"

    def test_clean(self):
        self.expect_clean()

    def test_script_that_does_not_parse(self):
        self.plant("scripts/a.sh", "if true; then\n", "scripts/a.sh")
        self.plant(".ci/run", "#!/bin/sh\ncase x in\n", ".ci/run")


@unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
class Shellcheck(RuleTest):
    rule = "shellcheck"

    def test_clean(self):
        self.expect_clean()

    def test_finding(self):
        self.plant("scripts/a.sh", "#!/usr/bin/env bash\ncd somewhere\necho\n", "scripts/a.sh:2", "SC2164")


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=2)
    if program.result.testsRun == 0:
        sys.exit(1)
    if len(program.result.skipped) == program.result.testsRun:
        sys.exit(77)
    sys.exit(0 if program.result.wasSuccessful() else 1)
