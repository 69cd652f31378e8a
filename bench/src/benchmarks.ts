import type { Benchmark } from './harness/benchmark.js';
import { verifyFirst } from './verify-first/verify-first.js';

/** In the order in which `npm run bench` runs them. */
export const benchmarks: readonly Benchmark[] = [verifyFirst];
