#!/usr/bin/env python3
"""What deploy/ watches is what a running application shows: the series that the alert rules select by label."""

import pathlib
import re
import sys

import program
from program import SampleTest, get, until

RULES = pathlib.Path(__file__).resolve().parent.parent.parent / "deploy/prometheus/millrace.rules.yml"


class Watch(SampleTest):
    def selected(self):
        """(metric, label, value) for each value that the rules select, or exclude."""
        rules = RULES.read_text(encoding="utf-8")
        for metric, label, values in re.findall(r'(\w+)\{(\w+)(?:=|=~|!=)"([^"]+)"\}', rules):
            for value in values.split("|"):
                yield metric, label, value

    def test_the_scrape_has_every_series_that_the_alerts_ask_for(self):
        self.feed("a", "b", "throw")
        running = self.launch(self.configure(**{"processing.exception.handler": "dead-letter",
                                                "errors.dead.letter.queue.topic.name": "dead"}))
        port = self.wait_until_ready(running)
        until(lambda: "streams_dead_letter_records_total{" in get(port, "/metrics")[1], "a dead letter is counted")
        text = get(port, "/metrics")[1]
        self.assertRegex(text, r'streams_dead_letter_records_total\{.*reason="UserCodeThrew"')
        selected = list(self.selected())
        self.assertGreater(len(selected), 3)
        for metric, label, value in selected:
            self.assertRegex(text, rf'(?m)^{metric}\{{[^}}]*\b{label}="{value}"')
        for metric in ("streams_consumer_lag_records", "streams_records_processed_total"):
            self.assertRegex(text, rf"(?m)^{metric}\{{")
        self.expect(running.stop(), 0)


if __name__ == "__main__":
    sys.exit(program.main([Watch]))
