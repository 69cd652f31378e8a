import type { Resource } from './choices.js';

type Scopes = Resource['scopes'];

/** One scope a line: its name, and what it is good for behind it. */
export const textOfScopes = (scopes: Scopes) =>
  scopes.map(({ name, description }) => `${name} ${description}`.trim()).join('\n');

export const scopesOfText = (text: string): Scopes =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [name = ''] = line.split(/\s/, 1);
      return { name, description: line.slice(name.length).trim() };
    });
