export { freshDatabase } from './fresh-database.js';
