export { freshDatabase } from './fresh-database.js';
export { contractions, releaseBefore, testReleaseBefore } from './release-before.js';
export { isFuzzing, runs } from './runs.js';
export { schemaOf } from './schema.js';
export { startApps, type RunningApps } from './start-apps.js';
export { withClient } from '../postgres/with-client.js';
