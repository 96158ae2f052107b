// Counters, histograms and gauges in memory, written in Prometheus' text format. Each replica tells its own.

import type { Metrics } from "../context.js";

const prefix = "jitnode_control_";
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
/** Of one name: labels come from route patterns and codes, never from what is sent, so this is never reached. */
const seriesLimit = 1000;

type Labels = Readonly<Record<string, string>>;

interface Histogram {
  readonly counts: number[];
  count: number;
  sum: number;
}

const escape = (value: string): string => value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");

function seriesKey(labels: Labels): string {
  return Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}="${escape(value)}"`)
    .join(",");
}

const sample = (name: string, key: string, value: number): string =>
  `${prefix}${name}${key === "" ? "" : `{${key}}`} ${value}`;

function seriesOf<T>(all: Map<string, Map<string, T>>, name: string, labels: Labels, initial: () => T): T | undefined {
  const series = all.get(name) ?? new Map<string, T>();
  all.set(name, series);
  const key = seriesKey(labels);
  const there = series.get(key);
  if (there !== undefined || series.size >= seriesLimit) return there;
  const made = initial();
  series.set(key, made);
  return made;
}

export function createMetrics(): Metrics {
  const counters = new Map<string, Map<string, { value: number }>>();
  const histograms = new Map<string, Map<string, Histogram>>();
  const gauges = new Map<string, () => number>();

  return {
    count(name, labels = {}) {
      const counter = seriesOf(counters, name, labels, () => ({ value: 0 }));
      if (counter !== undefined) counter.value += 1;
    },
    observe(name, seconds, labels = {}) {
      const histogram = seriesOf<Histogram>(histograms, name, labels, () => ({
        counts: buckets.map(() => 0),
        count: 0,
        sum: 0,
      }));
      if (histogram === undefined) return;
      histogram.count += 1;
      histogram.sum += seconds;
      buckets.forEach((limit, index) => {
        if (seconds <= limit) histogram.counts[index] = (histogram.counts[index] ?? 0) + 1;
      });
    },
    gauge(name, read) {
      gauges.set(name, read);
    },
    render() {
      const lines: string[] = [];
      for (const [name, series] of counters) {
        lines.push(`# TYPE ${prefix}${name} counter`);
        for (const [key, counter] of series) lines.push(sample(name, key, counter.value));
      }
      for (const [name, read] of gauges) lines.push(`# TYPE ${prefix}${name} gauge`, sample(name, "", read()));
      for (const [name, series] of histograms) {
        lines.push(`# TYPE ${prefix}${name} histogram`);
        for (const [key, histogram] of series) {
          const labels = key === "" ? "" : `${key},`;
          buckets.forEach((limit, index) =>
            lines.push(sample(`${name}_bucket`, `${labels}le="${limit}"`, histogram.counts[index] ?? 0)),
          );
          lines.push(sample(`${name}_bucket`, `${labels}le="+Inf"`, histogram.count));
          lines.push(sample(`${name}_sum`, key, histogram.sum), sample(`${name}_count`, key, histogram.count));
        }
      }
      return `${lines.join("\n")}\n`;
    },
  };
}
