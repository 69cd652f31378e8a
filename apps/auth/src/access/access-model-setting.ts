import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';

import type { Setting } from '@jwt-auth/chassis';
import { parseDocument } from 'yaml';
import { z } from 'zod';

import {
  checkAccessModel,
  type AccessModelFile,
  type AccessModelReading,
} from './access-model-file.js';

const MAX_BYTES = 1_048_576;

/** The path of a YAML or JSON file with resources and roles, read at once and checked as a whole. */
export function accessModelSetting(): Setting<AccessModelFile> {
  return z.string().transform((path, context) => {
    const { model, problems = [] } = readAccessModel(path.trim());
    if (model) return model;
    for (const message of problems) context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

function readAccessModel(path: string): AccessModelReading {
  let bytes: Buffer;
  try {
    const stats = statSync(path);
    if (!stats.isFile()) return { problems: ['is not a file'] };
    if (stats.size > MAX_BYTES) return { problems: [`is larger than ${MAX_BYTES} bytes`] };
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { problems: [`cannot be read (${code})`] };
  }
  return parseAccessModel(bytes);
}

/** What the file says. JSON is YAML, too (YAML 1.2). */
function parseAccessModel(bytes: Buffer): AccessModelReading {
  if (!isUtf8(bytes)) return { problems: ['is not UTF-8'] };
  const document = parseDocument(bytes.toString(), { prettyErrors: true });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    // The first line says what and where; the others show the text.
    return { problems: faults.map(({ message }) => message.split('\n', 1)[0] ?? message) };
  }
  let content: unknown;
  try {
    content = document.toJS();
  } catch (error) {
    // Aliases of aliases, which would fill the memory, or of nothing.
    return { problems: [(error as Error).message] };
  }
  return checkAccessModel(content);
}
