import { testProjects } from '../../vitest.shared.ts';

// The specs of a worker share a stack: see `Stack.shared`.
export default testProjects(import.meta.dirname, { postgres: true });
