import { Counter, Gauge, type Registry } from 'prom-client';

interface Description {
  readonly name: string;
  readonly help: string;
}

// Metrics of what is counted elsewhere: read when they are asked for, so that they cost nothing
// until then, and the rest of the house does not know Prometheus.

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

/** Counts that only grow, one for each value of a label. All values are there from the start. */
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

/** One of a few states: a series for each, 1 for the one that is, 0 for the others. */
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
