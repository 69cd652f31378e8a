// Plugins of Stryker, for .ci/mutation.mjs: `messages` leaves out texts that are read by people, the messages
// of errors and the lines of logs, which no spec asserts word by word. Codes, names of claims and headers
// are mutated. `survivors` prints each survivor as soon as it is known, as a run may take an hour.

const TEXTS = new Set(['StringLiteral', 'TemplateLiteral']);
/** Between a text and the call that it is for. */
const PARTS = new Set(['ConditionalExpression', 'BinaryExpression', 'LogicalExpression']);

const isError = ({ type, name }) => type === 'Identifier' && name.endsWith('Error');
/** Functions of one argument, from which they make the message of an error. */
const isRefusal = ({ type, name }) =>
  type === 'Identifier' && ['refuse', 'fail', 'fault'].includes(name);
const isLog = ({ type, object, property }) =>
  /^(Optional)?MemberExpression$/.test(type) &&
  ['log', 'warn', 'error'].includes(property.name) &&
  (object.property ?? object).name === 'log';

/** Whether the node, which is not its `code`, is the message of an error, or a line of a log. */
function isMessage(node, { type, callee, arguments: given, key, id }) {
  if (type === 'ObjectProperty') return key.name === 'message';
  if (type === 'VariableDeclarator') return id.name === 'message' || id.name === 'text';
  if (type === 'NewExpression' && isError(callee)) return given[0] !== node || given.length === 1;
  const isCall = type === 'CallExpression' || type === 'OptionalCallExpression';
  return isCall && (isLog(callee) || isRefusal(callee));
}

function shouldIgnore(path) {
  if (!TEXTS.has(path.node.type)) return undefined;
  let outermost = path;
  while (PARTS.has(outermost.parent?.type)) outermost = outermost.parentPath;
  const { node, parent } = outermost;
  return parent && isMessage(node, parent) ? 'a text for people' : undefined;
}

function onMutantTested({ status, fileName, location, mutatorName, replacement }) {
  if (status !== 'Survived' && status !== 'NoCoverage') return;
  const { line, column } = location.start;
  console.log(`${status}: ${fileName}:${line}:${column} ${mutatorName}: ${replacement}`);
}

export const strykerPlugins = [
  { kind: 'Ignore', name: 'messages', value: { shouldIgnore } },
  { kind: 'Reporter', name: 'survivors', value: { onMutantTested } },
];
