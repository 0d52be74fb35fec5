#!/usr/bin/env python3
"""Writes the Grafana dashboard of millrace applications, deploy/grafana/millrace.json.

    deploy/grafana/dashboard.py            writes it
    deploy/grafana/dashboard.py --check    says whether it would be the same; exit code 1 if not

Grafana's classic model, schemaVersion 39: import the file, or provision it. Panels are declared below, one call each;
metrics are those of docs/reference/metrics.md.
"""

import json
import pathlib
import sys

OUTPUT = pathlib.Path(__file__).resolve().parent / "millrace.json"
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
# What every query selects by; $instance may be several.
OURS = 'job=~"$job", instance=~"$instance"'
COLUMNS = 24


def selector(*labels):
    return "{" + ", ".join([OURS, *labels]) + "}"


def total(metric, *labels, by=""):
    return f"sum{f' by ({by}) ' if by else ''}({metric}{selector(*labels)})"


def rate(metric, by, *labels):
    return f"sum by ({by}) (rate({metric}{selector(*labels)}[$__rate_interval]))"


def quantile(q, metric, by=""):
    return f"histogram_quantile({q}, sum by ({', '.join(filter(None, ['le', by]))}) " \
           f"(rate({metric}_bucket{selector()}[$__rate_interval])))"


class Dashboard:
    """Lays panels out from left to right, in rows of equal height."""

    def __init__(self):
        self.panels = []
        self.x = self.y = self.height = 0

    def _place(self, panel, width, height):
        if self.x + width > COLUMNS or (self.x and height != self.height):
            self.x, self.y = 0, self.y + self.height
        panel.update(id=len(self.panels) + 1, gridPos={"x": self.x, "y": self.y, "w": width, "h": height})
        self.x, self.height = self.x + width, height
        self.panels.append(panel)

    def row(self, title):
        if self.x:
            self.x, self.y = 0, self.y + self.height
        self._place({"type": "row", "title": title, "collapsed": False, "panels": []}, COLUMNS, 1)

    def stat(self, title, description, unit, query, thresholds=(), legend="", width=4):
        self._panel("stat", title, description, unit, [(query, legend)], width, 4, thresholds,
                    {"colorMode": "value" if thresholds else "none", "graphMode": "area", "justifyMode": "auto",
                     "orientation": "auto", "textMode": "auto",
                     "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}})

    def graph(self, title, description, unit, *queries, stack=False, width=8):
        self._panel("timeseries", title, description, unit, queries, width, 8, (),
                    {"legend": {"calcs": ["lastNotNull", "max"], "displayMode": "table", "placement": "bottom",
                                "showLegend": True},
                     "tooltip": {"mode": "multi", "sort": "desc"}}, stack)

    def _panel(self, kind, title, description, unit, queries, width, height, thresholds, options, stack=False):
        defaults = {"unit": unit, "min": 0, "color": {"mode": "thresholds" if thresholds else "palette-classic"},
                    "thresholds": {"mode": "absolute", "steps": [
                        {"color": color, "value": value} for color, value in (("green", None), *thresholds)]}}
        if kind == "timeseries":
            defaults["custom"] = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 20 if stack else 5,
                                  "showPoints": "never", "spanNulls": False,
                                  "stacking": {"group": "A", "mode": "normal" if stack else "none"}}
        targets = [{"refId": chr(ord("A") + i), "datasource": DATASOURCE, "editorMode": "code", "expr": query,
                    "legendFormat": legend or "__auto", "range": True} for i, (query, legend) in enumerate(queries)]
        self._place({"type": kind, "title": title, "description": description, "datasource": DATASOURCE,
                     "fieldConfig": {"defaults": defaults, "overrides": []}, "options": options, "targets": targets},
                    width, height)


def variable(name, label, query):
    return {"type": "query", "name": name, "label": label, "datasource": DATASOURCE, "definition": query,
            "query": {"query": query, "refId": name}, "refresh": 2, "sort": 1, "multi": True, "includeAll": True,
            "current": {"selected": True, "text": ["All"], "value": ["$__all"]}, "hide": 0, "options": [],
            "regex": "", "skipUrlSync": False}


def health(board):
    board.row("Is it well?")
    board.stat("Running applications", "Processes whose application is in state running.", "none",
               total("streams_state", 'state="running"'))
    board.stat("Tasks not running", "Tasks that restore their state, or wait for that (alert MillraceTaskNotRunning).",
               "none", total("streams_tasks", 'state!="running"'),
               (("orange", 1),))
    board.stat("Dead threads", "Stream threads that ended with an error; the log says which.", "none",
               total("streams_threads", 'state="dead"'), (("red", 1),))
    board.stat("Records waiting", "Records of source and repartition topics that are not yet processed.", "short",
               total("streams_consumer_lag_records"))
    board.stat("Dead letters", "Records given up to the dead-letter topic since the processes started (alert "
               "MillraceDeadLetters).", "short", total("streams_dead_letter_records_total") + " or vector(0)",
               (("orange", 1),))
    board.stat("Version", "Versions of millrace that run.", "none",
               f"count by (version) (millrace_build_info{selector()})", legend="{{version}}")


def flow(board):
    board.row("Records")
    board.graph("Processed", "Input records that went through a task's operators.", "cps",
                (rate("streams_records_processed_total", "instance"), "{{instance}}"))
    board.graph("In and out by topic", "Records read from and written to each topic, internal ones included.", "cps",
                (rate("streams_records_consumed_total", "topic"), "read {{topic}}"),
                (rate("streams_records_produced_total", "topic"), "written {{topic}}"))
    board.graph("Waiting by topic", "Records not yet processed. Growing: input comes faster than it is processed.",
                "short", (total("streams_consumer_lag_records", by="topic"), "{{topic}}"),
                (total("streams_buffered_records"), "fetched already"))
    board.graph("Latency from timestamp to operator", "How old records are when they reach an operator: half of them, "
                "and all but one in a hundred. Old input makes it large.", "s",
                (quantile(0.5, "streams_record_e2e_latency_seconds", "node"), "p50 {{node}}"),
                (quantile(0.99, "streams_record_e2e_latency_seconds", "node"), "p99 {{node}}"))
    board.graph("Left out", "Records dropped by the rules of an operator or by a handler, by reason.", "cps",
                (rate("streams_dropped_records_total", "reason"), "dropped: {{reason}}"),
                (rate("streams_dead_letter_records_total", "reason"), "dead letter: {{reason}}"))
    board.graph("Punctuations", "Calls of punctuators.", "cps",
                (rate("streams_punctuations_total", "type"), "{{type}}"))


def commits(board):
    board.row("Commits and threads")
    board.graph("Commits", "Ended commits by result. Aborted ones are processed again.", "cps",
                (rate("streams_commits_total", "result"), "{{result}}"))
    board.graph("Commit duration", "From freezing a transaction to the end of its commit.", "s",
                (quantile(0.5, "streams_commit_duration_seconds"), "p50"),
                (quantile(0.99, "streams_commit_duration_seconds"), "p99"))
    board.graph("Step duration", "One step of a stream thread. A long one holds up everything else on its thread.", "s",
                (quantile(0.5, "streams_step_duration_seconds"), "p50"),
                (quantile(0.99, "streams_step_duration_seconds"), "p99"))
    board.graph("Tasks", "Tasks by state.", "none", (total("streams_tasks", by="state"), "{{state}}"), stack=True)
    board.graph("Threads", "Stream threads by state.", "none",
                (total("streams_threads", by="state"), "{{state}}"), stack=True)
    board.graph("Threads that failed", "Stream threads that ended with an error, replaced ones included, and processes "
                "that are paused.", "none",
                (rate("streams_failed_threads_total", "instance"), "failed per second {{instance}}"),
                (total("streams_paused", by="instance"), "paused {{instance}}"))
    board.graph("Still to restore", "Changelog records that a store has still to read before its task runs.", "short",
                (total("streams_restore_remaining_records", by="store"), "{{store}}"),
                (rate("streams_restore_records_total", "store"), "per second {{store}}"))


def resources(board):
    board.row("Memory and machine")
    board.graph("Engine's memory by owner", "What the engine knows that it holds.", "bytes",
                (total("streams_transaction_buffer_bytes"), "uncommitted writes"),
                (total("streams_record_cache_bytes"), "record caches"),
                (total("streams_outbox_bytes"), "results not yet committed"), stack=True)
    board.graph("Memory by owner, against its share", "What each owner holds of memory.budget.bytes, and its share.",
                "bytes", (total("streams_memory_bytes", by="owner"), "{{owner}}"),
                (total("streams_memory_budget_bytes", by="owner"), "share of {{owner}}"))
    board.graph("Resident memory", "Memory of the whole process.", "bytes",
                (f"process_resident_memory_bytes{selector()}", "{{instance}}"))
    board.graph("Log waits", "1 while the log waits for space on its disk: free some, and it goes on.", "none",
                (f"streams_log_waits{selector()}", "{{instance}}"))
    board.graph("CPU", "Cores in use.", "none", (rate("process_cpu_seconds_total", "instance"), "{{instance}}"))
    board.graph("HTTP requests", "Requests to the metrics port, and connections that were turned away.", "cps",
                (rate("http_requests_total", "path, code"), "{{path}} {{code}}"),
                (f"sum(rate(http_connections_rejected_total{selector()}[$__rate_interval]))", "rejected"))
    board.graph("Up for", "Time since the process started: a saw-tooth is a process that keeps dying.", "s",
                (f"time() - process_start_time_seconds{selector()}", "{{instance}}"))
    board.graph("Series refused", "Series beyond the number that a metric may have: labels with too many values.",
                "cps", (rate("millrace_metrics_rejected_series_total", "metric"), "{{metric}}"))


def dashboard():
    board = Dashboard()
    for part in (health, flow, commits, resources):
        part(board)
    datasource = {"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus",
                  "current": {}, "hide": 0, "includeAll": False, "multi": False, "options": [], "refresh": 1,
                  "regex": "", "skipUrlSync": False}
    return {
        "uid": "millrace", "title": "millrace", "tags": ["millrace"], "schemaVersion": 39, "version": 1,
        "description": "Applications on millrace. Written by deploy/grafana/dashboard.py.", "editable": False,
        "graphTooltip": 1, "refresh": "30s", "time": {"from": "now-1h", "to": "now"}, "timepicker": {},
        "timezone": "browser", "annotations": {"list": []}, "links": [],
        "templating": {"list": [
            datasource,
            variable("job", "Application", "label_values(millrace_build_info, job)"),
            variable("instance", "Instance", 'label_values(millrace_build_info{job=~"$job"}, instance)')]},
        "panels": board.panels,
    }


def main():
    text = json.dumps(dashboard(), indent=1) + "\n"
    if sys.argv[1:] == ["--check"]:
        if OUTPUT.read_text(encoding="utf-8") != text:
            print(f"{OUTPUT} is not what {__file__} writes: run it")
            return 1
        return 0
    OUTPUT.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
