import * as fc from 'fast-check';

/** A JSON text, and what is wrong with it. */
export interface SpelledJson {
  readonly text: string;
  /** An object has two members with one name. */
  readonly isTwice: boolean;
  readonly isProto: boolean;
  readonly hasLoneSurrogate: boolean;
  readonly depth: number;
}

/** An object is a list of members, as they may have the same name. */
type Json =
  | { readonly literal: string }
  | JsonString
  | { readonly elements: readonly Json[]; readonly space: string }
  | {
      readonly members: readonly { readonly name: JsonString; readonly value: Json }[];
      readonly space: string;
    };

/** A string, and how each of its characters is written: as it is, or escaped. */
interface JsonString {
  readonly characters: readonly { readonly character: string; readonly escape: string }[];
}

const space = fc.constantFrom('', '', '', ' ', '\n\t', '\r ');

/** Few names, so that members often have the same, and whatever a parser may stumble over. */
const text = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'sub', '', '1', '__proto__', 'constructor') },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.constantFrom('\ud83d', '\ude00', '"', '\\', ':', '{', '\0', 'é', '\u2028'), {
        maxLength: 4,
      })
      .map((units) => units.join('')),
  },
);

const string: fc.Arbitrary<JsonString> = text.chain((value) =>
  fc.tuple(...[...value].map(() => fc.constantFrom('', '', 'lower', 'upper'))).map((escapes) => ({
    characters: [...value].map((character, at) => ({ character, escape: escapes[at]! })),
  })),
);

const literal = fc
  .oneof(
    fc.constantFrom('null', 'true', 'false', '0', '-0', '1e5', '1E-2', '1.50', '1e999'),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  )
  .map((written) => ({ literal: written }));

const { value, object } = fc.letrec<{ value: Json; object: Json; deep: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    literal,
    string,
    fc.record({ elements: fc.array(tie('value'), { maxLength: 4 }), space }),
    tie('object'),
    tie('deep'),
  ),
  object: fc.record({
    members: fc.array(fc.record({ name: string, value: tie('value') }), { maxLength: 5 }),
    space,
  }),
  deep: fc
    .tuple(fc.integer({ min: 50, max: 70 }), tie('value'))
    .map(([levels, inner]) =>
      Array.from({ length: levels }).reduce<Json>(
        (json) => ({ elements: [json], space: '' }),
        inner,
      ),
    ),
}));

const spelled = (json: Json): SpelledJson => ({ text: written(json), ...faultsOf(json) });

export const spelledObject = object.map(spelled);
/** Anything but an object. */
export const spelledOther = value.filter((json) => !('members' in json)).map(spelled);

function written(json: Json): string {
  if ('literal' in json) return json.literal;
  if ('characters' in json) return writtenString(json);
  const between = `${json.space},${json.space}`;
  if ('elements' in json) return `[${json.space}${json.elements.map(written).join(between)}]`;
  const members = json.members.map(
    ({ name, value }) => `${writtenString(name)}${json.space}:${json.space}${written(value)}`,
  );
  return `{${members.join(between)}${json.space}}`;
}

function writtenString({ characters }: JsonString): string {
  return `"${characters.map(({ character, escape }) => writtenCharacter(character, escape)).join('')}"`;
}

function writtenCharacter(character: string, escape: string): string {
  if (escape === '') return JSON.stringify(character).slice(1, -1);
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  const hex = units.map((unit) => unit.toString(16).padStart(4, '0'));
  return hex.map((digits) => `\\u${escape === 'upper' ? digits.toUpperCase() : digits}`).join('');
}

function faultsOf(json: Json): Omit<SpelledJson, 'text'> {
  if ('literal' in json)
    return { isTwice: false, isProto: false, hasLoneSurrogate: false, depth: 0 };
  if ('characters' in json) {
    return { isTwice: false, isProto: false, hasLoneSurrogate: !isText(valueOf(json)), depth: 0 };
  }
  const names = 'members' in json ? json.members.map(({ name }) => valueOf(name)) : [];
  const inside = (
    'members' in json ? json.members.map((member) => member.value) : json.elements
  ).map(faultsOf);
  return {
    isTwice: new Set(names).size < names.length || inside.some(({ isTwice }) => isTwice),
    isProto: names.includes('__proto__') || inside.some(({ isProto }) => isProto),
    hasLoneSurrogate:
      !names.every(isText) || inside.some(({ hasLoneSurrogate }) => hasLoneSurrogate),
    depth: 1 + Math.max(0, ...inside.map(({ depth }) => depth)),
  };
}

const valueOf = ({ characters }: JsonString) =>
  characters.map(({ character }) => character).join('');

/** UTF-8 has no code for a lone surrogate: another character takes its place. */
const isText = (value: string) => Buffer.from(value).toString() === value;
