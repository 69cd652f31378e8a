// The last step of the library's build: `dist`, as it is published. One module, minified, because pages
// load it as it is; and the types of what it exports.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rolldown } from 'rolldown';

const [compiled, dist] = ['compiled', 'dist'].map((name) => path.join(import.meta.dirname, name));

rmSync(dist, { recursive: true, force: true });
const bundle = await rolldown({ input: path.join(compiled, 'index.js') });
await bundle.write({ dir: dist, format: 'esm', minify: true });
await bundle.close();

for (const name of ['index', 'session', 'api', 'principal']) {
  const file = `${name}.d.ts`;
  const text = readFileSync(path.join(compiled, file), 'utf8');
  writeFileSync(path.join(dist, file), text.replace(/^\/\/# sourceMappingURL.*$/m, ''));
}
