import { testProjects } from '../../vitest.shared.ts';

// All specs use one stack and one browser.
const config = testProjects({ postgres: true, isolate: false });
export default { ...config, test: { ...config.test, maxWorkers: 1 } };
