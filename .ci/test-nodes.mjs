// Runs the tests on other versions of Node, which the registry ships as packages:
//   npm run test:nodes                       npm test on Node 22, 24 and 26, one after the other
//   npm run test:nodes -- 24 -- npm run test:unit   another command, on the given versions
import path from 'node:path';
import process from 'node:process';

import { install, runOnVersions } from './versions.mjs';

runOnVersions({
  script: 'test:nodes',
  program: 'Node',
  defaults: ['22', '24', '26'],
  pattern: /^\d+(\.\d+){0,2}$/,
  command: ['npm', 'test'],
  environmentOf(version) {
    const name = `node-${process.platform}-${process.arch}`;
    const folder = install(name, version, 'nodes');
    // First on the path: npm and everything that it starts run on it.
    const PATH = `${folder && path.join(folder, 'bin')}${path.delimiter}${process.env.PATH}`;
    return folder && { PATH };
  },
});
