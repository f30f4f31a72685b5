import { Counter as PromCounter, Gauge as PromGauge, Histogram as PromHistogram, Registry } from 'prom-client';

/** Label name -> value. Values come from a small fixed set: each combination is a time series. */
export type Labels = Readonly<Record<string, string | number>>;

/** Counts up. */
export interface Counter {
  /** @throws Error when `amount` is negative. */
  add(amount: number, labels?: Labels): void;
}

/** A value that goes up and down. */
export interface Gauge {
  set(value: number, labels?: Labels): void;
}

/** Counts values in buckets. */
export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

/** Name, meaning and labels of one metric. The name ends in its unit (`_seconds`, `_bytes`), that of a counter in `_total`. */
export interface MetricSpec {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/** The metrics of one app. Names are unique. */
export interface Metrics {
  counter(spec: MetricSpec): Counter;
  /** @param spec with `read`, which tells the values, each with its labels, whenever somebody asks for them. */
  gauge(spec: MetricSpec & { readonly read?: () => readonly (readonly [value: number, labels: Labels])[] }): Gauge;
  /** @param spec with the upper bounds of the buckets, ascending, in the unit of the name. */
  histogram(spec: MetricSpec & { readonly buckets: readonly number[] }): Histogram;
  /** All values in the text format of Prometheus. */
  render(): Promise<string>;
}

/**
 * Creates an empty set of metrics.
 *
 * @param prefix begins every name, for example `gatehouse_trainer_`.
 * @example
 * const steps = createMetrics('gatehouse_trainer_').counter({ name: 'steps_total', help: 'Optimiser steps.' });
 * steps.add(1);
 */
export function createMetrics(prefix: string): Metrics {
  const registry = new Registry();
  const configure = ({ name, help, labels = [] }: MetricSpec) => ({
    name: prefix + name,
    help,
    labelNames: [...labels],
    registers: [registry],
  });
  return {
    counter: (spec) => {
      const counter = new PromCounter(configure(spec));
      return { add: (amount, labels = {}) => counter.inc(labels, amount) };
    },
    gauge: (spec) => {
      const { read } = spec;
      const gauge = new PromGauge({
        ...configure(spec),
        ...(read && {
          collect() {
            this.reset();
            for (const [value, labels] of read()) this.set(labels, value);
          },
        }),
      });
      return { set: (value, labels = {}) => gauge.set(labels, value) };
    },
    histogram: (spec) => {
      const histogram = new PromHistogram({ ...configure(spec), buckets: [...spec.buckets] });
      return { observe: (value, labels = {}) => histogram.observe(labels, value) };
    },
    render: () => registry.metrics(),
  };
}
