import { Counter, Gauge, type Registry } from 'prom-client';

/**
 * Adds its metrics to a registry, once. They follow the conventions of Prometheus: base units,
 * `_total` for counters, and labels with few values, never an id, an address or a path.
 */
export type MetricSource = (registry: Registry) => void;

interface Description {
  readonly name: string;
  readonly help: string;
}

// These metrics are read at each scrape from counts that other code keeps. They cost nothing between
// scrapes, and that code does not depend on Prometheus.

/** A value that goes up and down. */
export function gauge(registry: Registry, description: Description, read: () => number): void {
  new Gauge({
    ...description,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}

/** A count that only grows. */
export function counter(registry: Registry, description: Description, read: () => number): void {
  new Counter({
    ...description,
    registers: [registry],
    collect() {
      this.reset();
      this.inc(read());
    },
  });
}

/** Counts that only grow, one for each value of a label. All values are exposed from the start. */
export function counters(
  registry: Registry,
  { label, ...description }: Description & { readonly label: string },
  read: () => Readonly<Record<string, number>>,
): void {
  new Counter({
    ...description,
    labelNames: [label],
    registers: [registry],
    collect() {
      this.reset();
      for (const [value, count] of Object.entries(read())) this.inc({ [label]: value }, count);
    },
  });
}

/** The current one of a few states: a series for each state, 1 for the current one, else 0. */
export function stateGauge<State extends string>(
  registry: Registry,
  { states, ...description }: Description & { readonly states: readonly State[] },
  read: () => State,
): void {
  new Gauge({
    ...description,
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const current = read();
      for (const state of states) this.set({ state }, state === current ? 1 : 0);
    },
  });
}
