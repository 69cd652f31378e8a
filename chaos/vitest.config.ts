import { testProjects } from '../vitest.shared.ts';

// Its unit tests judge recorded histories; its e2e test is a short run against the built apps.
export default testProjects({ e2e: process.argv.includes('e2e') });
