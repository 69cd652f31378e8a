// The types of the package, from what the compiler has written: without maps, with comments only
// where editors show them, and without what nothing that is published refers to. With all of it the
// package would have more than 300 kB.

/**
 * @param texts the declarations of each module, by its path in `src`
 * @param options `entries`: modules of which all is published; `documented`: those whose comments
 *   are shown; `resolve(from, specifier)`: the module that a relative specifier names
 * @returns what is published of each module; those that nothing refers to are not there
 */
export function publishedTypes(texts, { entries, documented, resolve }) {
  const shown = new Map();
  for (const [module, text] of texts) {
    shown.set(module, declarations(text, documented.has(module)));
  }
  leaveOutUnused(shown, entries, resolve);
  return shown;
}

const COMMENT = String.raw`^[ \t]*\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n`;
const comments = new RegExp(COMMENT, 'gm');
const privateComments = new RegExp(`(?:${COMMENT})+(?=[ \\t]*private )`, 'gm');

/** The first sentence of a comment, and its defaults, in one line: the sources have the rest. */
function shorten(comment) {
  const [indentation] = /^[ \t]*/.exec(comment);
  const lines = comment.trim().slice(3, -2).split('\n');
  const text = lines
    .map((line) => line.replace(/^\s*\*/, '').trim())
    .join('\n')
    .trim();
  const shown = text
    .split(/\n\n|\n@|(?<=[.:])\s+(?=[A-Z`])/)
    .filter((sentence, at) => at === 0 || sentence.startsWith('Default'));
  return `${indentation}/** ${shown.join(' ').replaceAll('\n', ' ')} */\n`;
}

/** With one private member the compiler still keeps a class apart from others of the same shape. */
const privateMembers =
  /^([ \t]*private (?:readonly |get )?\w+(?:\(\))?;\n)(?:[ \t]*private (?!constructor)[^\n]*;\n)+/gm;

function declarations(text, isDocumented) {
  return text
    .replace(/^\/\/# sourceMappingURL.*$/gm, '')
    .replace(privateComments, '')
    .replace(privateMembers, '$1')
    .replace(comments, isDocumented ? shorten : '')
    .replace(/^(?: {4})+/gm, (indentation) => '\t'.repeat(indentation.length / 4));
}

/** Where a statement begins, with the comment above it. */
const STATEMENT = /(?<!\*\/\n)^(?=\/\*\*|import |export |declare |interface |type )/m;
const DECLARATION =
  /^(?:export )?(?:declare )?(?:abstract )?(?:class|const|function|interface|type) (\w+)/m;
/** The only two forms in which declarations name another module of ours. */
const FROM_MODULE = /\{([^}]*)\} from '(\.[^']*)'|import\("(\.[^"]*)"\)\.(\w+)/g;

/** Takes away what no published declaration refers to, until all that is left is used. */
function leaveOutUnused(texts, entries, resolve) {
  for (let isDone = false; !isDone;) {
    isDone = true;
    const wanted = namesFromOutside(texts, resolve);
    for (const [module, text] of texts) {
      if (entries.includes(module)) continue;
      const isUsed = (name) =>
        wanted.get(module)?.has(name) || text.match(new RegExp(`\\b${name}\\b`, 'g')).length > 1;
      const used = text
        .split(STATEMENT)
        .map((statement) => withoutUnused(statement, isUsed))
        .join('');
      if (used !== text) isDone = false;
      if (wanted.has(module)) texts.set(module, used);
      else isDone = !texts.delete(module);
    }
  }
}

/** For each module that others import, the names that they import. */
function namesFromOutside(texts, resolve) {
  const wanted = new Map();
  for (const [module, text] of texts) {
    for (const [, list, from, inPlace, name] of text.matchAll(FROM_MODULE)) {
      const target = resolve(module, from ?? inPlace);
      const names = list?.split(',').map((each) => nameIn(each)) ?? [name];
      wanted.set(target, new Set([...(wanted.get(target) ?? []), ...names]));
    }
  }
  return wanted;
}

function withoutUnused(statement, isUsed) {
  const [, before, list, after] = /^(import (?:type )?\{)([^}]*)(\}.*\n)$/.exec(statement) ?? [];
  if (list) {
    const used = list.split(',').filter((each) => isUsed(nameIn(each)));
    return used.length > 0 ? `${before}${used.join(',')}${after}` : '';
  }
  const [, name] = DECLARATION.exec(statement) ?? [];
  return name && !isUsed(name) ? '' : statement;
}

/** `A` of `type A` and of `A as B`. */
function nameIn(specifier) {
  return /^\s*(?:type )?(\w+)/.exec(specifier)?.[1];
}
