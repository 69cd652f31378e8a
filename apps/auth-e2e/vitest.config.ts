import { testProjects } from '../../vitest.shared.ts';

export default testProjects({ e2e: true, postgres: true });
