#!/usr/bin/env python3
"""Alert rules and dashboard: promtool takes them, they fire and stay silent when they should, their metrics exist.

Usage: deploy_test.py CLASS; exit code 77 if it needs promtool and there is none.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RULES = ROOT / "deploy/prometheus/millrace.rules.yml"
RULES_TEST = ROOT / "deploy/prometheus/millrace.rules_test.yml"
DASHBOARD = ROOT / "deploy/grafana/millrace.json"
ALERTS = ROOT / "docs/operations/alerts.md"
# Of Prometheus itself, not of the table.
PROMETHEUS_OWN = {"up"}
FUNCTIONS = {"sum", "max", "min", "count", "rate", "increase", "by", "on", "or", "and", "unless", "time", "vector",
             "ignoring", "group_left", "label_replace", "last_over_time", "histogram_quantile", "label_values"}


def promtool(*arguments, cwd=None):
    done = subprocess.run([PROMTOOL, *map(str, arguments)], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    return done.returncode, done.stdout.decode()


def metrics_of(expression):
    """The metric names in PromQL."""
    bare = re.sub(r'"[^"]*"', "", expression)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\boffset \w+|\b(by|on|ignoring|group_left)\s*\([^)]*\)", " ", bare)
    return {word for word in re.findall(r"[a-zA-Z_][a-zA-Z0-9_]*", bare) if word not in FUNCTIONS}


def table():
    """name -> type of docs/reference/metrics.md."""
    text = (ROOT / "docs/reference/metrics.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", text, re.MULTILINE))


def series_names():
    """Every name that a scrape can show."""
    names = set()
    for name, kind in table().items():
        names |= {f"{name}_{part}" for part in ("bucket", "sum", "count")} if kind == "histogram" else {name}
    return names


def rule_expressions():
    text = RULES.read_text(encoding="utf-8")
    blocks = re.findall(r"^ +expr: \|\n((?:(?: {10,}.*)?\n)+)", text, re.MULTILINE)
    assert len(blocks) == text.count("- alert:"), "each rule has an `expr: |` block"
    return blocks


def panels():
    return [panel for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"] if panel["type"] != "row"]


def targets():
    return [target for panel in panels() for target in panel["targets"]]


class Rules(unittest.TestCase):
    def test_promtool_takes_them(self):
        code, text = promtool("check", "rules", RULES)
        self.assertEqual(code, 0, text)

    def test_they_fire_and_stay_silent_when_they_should(self):
        code, text = promtool("test", "rules", RULES_TEST.name, cwd=RULES_TEST.parent)
        self.assertEqual(code, 0, text)

    def test_the_histories_would_notice_a_change_of_the_rules(self):
        rules = RULES.read_text(encoding="utf-8")
        for old, new in (("for: 5m", "for: 3m"), ("for: 5m", "for: 7m"), ('"dead"', '"gone"'), ("[1d]", "[1m]"),
                         ("offset 10m", "offset 2m"), ("[10m]", "[3m]"), ('{result="committed"}', ""),
                         ("|error", "|eror"), ("up == 0", "up == 2"), ("records) > 0", "records) > -1"),
                         ("[5m]", "[15m]"), ("severity: page", "severity: ticket")):
            self.assertIn(old, rules)
            with tempfile.TemporaryDirectory() as folder:
                (pathlib.Path(folder) / RULES.name).write_text(rules.replace(old, new), encoding="utf-8")
                (pathlib.Path(folder) / RULES_TEST.name).write_bytes(RULES_TEST.read_bytes())
                self.assertNotEqual(promtool("test", "rules", RULES_TEST.name, cwd=folder)[0], 0, f"{old} -> {new}")

    def test_each_has_a_page_that_says_what_to_do(self):
        headings = {f"docs/operations/alerts.md#{name.lower()}"
                    for name in re.findall(r"^## (\w+)$", ALERTS.read_text(encoding="utf-8"), re.MULTILINE)}
        linked = re.findall(r"runbook_url: (\S+)", RULES.read_text(encoding="utf-8"))
        self.assertEqual(set(linked), headings)
        self.assertEqual(len(linked), len(rule_expressions()))


class Dashboard(unittest.TestCase):
    def test_it_is_what_its_script_writes(self):
        done = subprocess.run([sys.executable, ROOT / "deploy/grafana/dashboard.py", "--check"], check=False,
                              stdout=subprocess.PIPE)
        self.assertEqual(done.returncode, 0, done.stdout.decode())

    def test_promtool_takes_each_query(self):
        rules = ["groups:", "- name: panels", "  rules:"]
        for i, target in enumerate(targets()):
            query = target["expr"].replace("$__rate_interval", "1m").replace("$job", "a").replace("$instance", "a")
            self.assertNotIn("$", query)
            rules += [f"  - record: panel:{i}", "    expr: " + json.dumps(query)]
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "panels.yml"
            file.write_text("\n".join(rules), encoding="utf-8")
            code, text = promtool("check", "rules", file)
        self.assertEqual(code, 0, text)

    def test_it_is_grafanas_classic_model_and_nobody_edits_it_by_hand(self):
        board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
        self.assertEqual(board["schemaVersion"], 39)
        self.assertFalse(board["editable"])
        self.assertEqual([one["name"] for one in board["templating"]["list"]], ["datasource", "job", "instance"])
        ids = [panel["id"] for panel in board["panels"]]
        self.assertEqual(len(set(ids)), len(ids))

    def test_panels_have_what_a_reader_needs(self):
        for panel in panels():
            self.assertTrue(panel["title"] and panel["description"].endswith("."), panel["title"])
            self.assertTrue(panel["fieldConfig"]["defaults"]["unit"], panel["title"])
            self.assertEqual(panel["datasource"]["uid"], "${datasource}", panel["title"])
            self.assertTrue(panel["targets"], panel["title"])

    def test_queries_select_by_job_and_instance_and_take_rates_of_counters(self):
        for target in targets():
            query = target["expr"]
            for name in metrics_of(query):
                self.assertRegex(query, rf'{name}{{job=~"\$job", instance=~"\$instance"[,}}]', query)
            for window in re.findall(r"\[([^\]]*)\]", query):
                self.assertEqual(window, "$__rate_interval", query)

    def test_panels_do_not_overlap(self):
        taken = set()
        for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            self.assertFalse(cells & taken, panel["title"])
            self.assertLessEqual(at["x"] + at["w"], 24)
            taken |= cells


class Metrics(unittest.TestCase):
    def test_every_metric_that_rules_and_panels_use_exists(self):
        for expression in rule_expressions():
            self.assertLessEqual(metrics_of(expression), series_names() | PROMETHEUS_OWN, expression)
        for target in targets():
            self.assertLessEqual(metrics_of(target["expr"]), series_names(), target["expr"])

    def test_the_histories_of_the_rules_use_metrics_that_exist(self):
        used = set(re.findall(r"series: '(\w+)\{", RULES_TEST.read_text(encoding="utf-8")))
        self.assertLessEqual(used, series_names() | PROMETHEUS_OWN)

    def test_every_metric_of_the_table_is_on_the_dashboard(self):
        shown = set().union(*(metrics_of(target["expr"]) for target in targets()))
        for name, kind in table().items():
            self.assertIn(f"{name}_bucket" if kind == "histogram" else name, shown)


def main():
    global PROMTOOL
    case = globals()[sys.argv[1]]
    found = subprocess.run([ROOT / "scripts/promtool.sh", "--offline"], stdout=subprocess.PIPE, check=False)
    PROMTOOL = found.stdout.decode().strip()
    if found.returncode != 0 and case is not Metrics:
        print("skipped: there is no promtool, and scripts/promtool.sh was not run, or could not fetch it")
        return 77
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(case))
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
