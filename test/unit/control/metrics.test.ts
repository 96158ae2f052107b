// Metrics in Prometheus' text format.
import { expect, test } from "vitest";
import { createMetrics } from "../../../src/control/services/metrics.js";

test("counters, gauges and histograms are written as Prometheus reads them", () => {
  const metrics = createMetrics();
  metrics.count("requests_total", { route: "/a", method: "GET" });
  metrics.count("requests_total", { method: "GET", route: "/a" });
  metrics.count("plain_total");
  metrics.gauge("level", () => 1.5);
  metrics.observe("seconds", 0.003, { route: "/a" });
  metrics.observe("seconds", 100, { route: "/a" });
  const text = metrics.render();
  expect(text).toContain("# TYPE jitnode_control_requests_total counter\n");
  expect(text).toContain('jitnode_control_requests_total{method="GET",route="/a"} 2\n');
  expect(text).toContain("jitnode_control_plain_total 1\n");
  expect(text).toContain("# TYPE jitnode_control_level gauge\njitnode_control_level 1.5\n");
  expect(text).toContain('jitnode_control_seconds_bucket{route="/a",le="0.0025"} 0\n');
  expect(text).toContain('jitnode_control_seconds_bucket{route="/a",le="0.005"} 1\n');
  expect(text).toContain('jitnode_control_seconds_bucket{route="/a",le="+Inf"} 2\n');
  expect(text).toContain('jitnode_control_seconds_count{route="/a"} 2\n');
  expect(text.endsWith("\n")).toBe(true);
});

test("label values cannot break out of their quotes", () => {
  const metrics = createMetrics();
  metrics.count("odd_total", { label: 'a"\\\nb' });
  expect(metrics.render()).toContain('jitnode_control_odd_total{label="a\\"\\\\\\nb"} 1\n');
});

test("a label that never repeats does not grow the memory for ever", () => {
  const metrics = createMetrics();
  for (let count = 0; count < 5_000; count += 1) metrics.count("wild_total", { id: String(count) });
  expect(metrics.render().split("\n").length).toBeLessThan(1_100);
});
