// Plugins of Stryker, for .ci/mutation.mjs: `messages` leaves out texts for readers, the messages
// of errors, the details of problems and the lines of logs, which no spec asserts word by word. Codes, names of claims and headers
// are mutated. `documentation` leaves out what only describes: the parts of the OpenAPI document, which the specs
// of that document compare, and the help of metrics. `survivors` prints each survivor as soon as it is known, as a run may take an hour.

const TEXTS = new Set(['StringLiteral', 'TemplateLiteral']);
/** Between a text and the call that it is for. */
const PARTS = new Set(['ConditionalExpression', 'BinaryExpression', 'LogicalExpression']);

const isError = ({ type, name }) => type === 'Identifier' && name.endsWith('Error');
/** Functions of one argument, from which they make the message of an error. */
const isRefusal = ({ type, name }) =>
  type === 'Identifier' && ['refuse', 'fail', 'fault'].includes(name);
/** Of a code, and of the message of an error. */
const WITH_CODE = ['unauthorized', 'refusal'];
const isLog = ({ type, object, property }) =>
  /^(Optional)?MemberExpression$/.test(type) &&
  ['log', 'warn', 'error'].includes(property.name) &&
  (object.property ?? object).name === 'log';

/** Whether the node, which is not its `code`, is the message of an error, or a line of a log. */
function isMessage(node, { type, callee, arguments: given, key, id }) {
  if (type === 'ObjectProperty') return ['message', 'detail', 'error'].includes(key.name);
  if (type === 'VariableDeclarator') return id.name === 'message' || id.name === 'text';
  if (type === 'NewExpression' && isError(callee)) return given[0] !== node || given.length === 1;
  const isCall = type === 'CallExpression' || type === 'OptionalCallExpression';
  if (isCall && WITH_CODE.includes(callee.name)) return given[0] !== node;
  return isCall && (isLog(callee) || isRefusal(callee));
}

function shouldIgnore(path) {
  if (!TEXTS.has(path.node.type)) return undefined;
  let outermost = path;
  while (PARTS.has(outermost.parent?.type)) outermost = outermost.parentPath;
  const { node, parent } = outermost;
  return parent && isMessage(node, parent) ? 'a text for a reader' : undefined;
}

/** As in `@ApiOperation(…)`. */
const isApiCall = ({ type, callee }) =>
  type === 'CallExpression' && /^Api[A-Z]/.test(callee.name ?? '');
/** `.meta({ … })` of a schema. */
const isMeta = ({ parent, key }) =>
  key === 0 && parent.type === 'CallExpression' && parent.callee.property?.name === 'meta';

/** Whether the OpenAPI document alone uses it: in a decorator, or in a constant for decorators. */
function isForOpenApi(path) {
  const place = path.findParent(
    (each) => isApiCall(each.node) || each.parentPath?.isProgram() === true,
  );
  if (place === null || isApiCall(place.node)) return place !== null;
  const name = place.node.type === 'VariableDeclaration' && place.node.declarations[0].id.name;
  const uses = place.scope.getBinding(name)?.referencePaths ?? [];
  return uses.length > 0 && uses.every((use) => !use.isDescendant(place) && isForOpenApi(use));
}

function shouldIgnoreDocumentation(path) {
  if (isApiCall(path.node) || isForOpenApi(path)) return 'a part of the OpenAPI document';
  const { node, parent } = path;
  if (isMeta(path)) return 'a part of the OpenAPI document';
  const isHelp = parent?.type === 'ObjectProperty' && parent.key.name === 'help';
  return isHelp && TEXTS.has(node.type) ? 'the help of a metric' : undefined;
}

function onMutantTested({ status, fileName, location, mutatorName, replacement }) {
  if (status !== 'Survived' && status !== 'NoCoverage') return;
  const { line, column } = location.start;
  console.log(`${status}: ${fileName}:${line}:${column} ${mutatorName}: ${replacement}`);
}

export const strykerPlugins = [
  { kind: 'Ignore', name: 'messages', value: { shouldIgnore } },
  {
    kind: 'Ignore',
    name: 'documentation',
    value: { shouldIgnore: shouldIgnoreDocumentation },
  },
  { kind: 'Reporter', name: 'survivors', value: { onMutantTested } },
];
