import { testProjects } from '../../vitest.shared.ts';

// The specs of a worker use one stack and one browser.
export default testProjects(import.meta.dirname, { postgres: true });
