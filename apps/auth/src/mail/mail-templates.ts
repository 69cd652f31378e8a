import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Every mail that auth sends, with what its template may say. */
export const TEMPLATES = {
  'verify-email': ['service', 'email', 'link'],
  'email-taken': ['service', 'email'],
  'reset-password': ['service', 'email', 'link'],
  'confirm-email': ['service', 'email', 'link'],
  'email-changed': ['service', 'email', 'time', 'address'],
  'password-changed': ['service', 'email', 'time', 'address'],
  'password-replaced': ['service', 'email', 'time'],
  'new-password': ['service', 'email', 'link'],
  'account-deleted': ['service', 'email', 'time', 'address', 'until', 'link'],
  'factor-added': ['service', 'email', 'time', 'address', 'factor'],
  'factor-removed': ['service', 'email', 'time', 'address', 'factor'],
  'factors-reset': ['service', 'email', 'time'],
  'new-login': ['service', 'email', 'time', 'address'],
  'session-copied': ['service', 'email', 'time', 'address'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type TemplateName = keyof typeof TEMPLATES;
/** `registration`: which template it gets is decided when it is sent. */
export type MailKind = TemplateName | 'registration';
export type TemplateValues = Readonly<Record<string, string>>;

/** A mail as it is sent. */
export interface RenderedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const NAMES = Object.keys(TEMPLATES) as TemplateName[];
const PLACEHOLDER = /\{\{\s*([\w-]*)\s*\}\}/g;
const SUBJECT = /^Subject: (?<subject>[^\r\n]+)\r?\n\r?\n(?<text>[^]+)$/;

/** Beside the sources, and beside the built app. */
const OURS = ['../mail-templates/', '../../mail-templates/']
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .find((folder) => existsSync(folder));

/**
 * The templates of all mails: for each a `.txt`, which begins with `Subject: …` and an empty line, and
 * a `.html`. `{{name}}` stands for a value.
 */
export class MailTemplates {
  private readonly sources = new Map<TemplateName, RenderedMail>();
  /** What is wrong with the files, one text for each fault. */
  readonly problems: readonly string[];

  /** @param folder of an operator: each file in it is used instead of ours of the same name */
  constructor(folder?: string) {
    const problems: string[] = [];
    for (const name of NAMES) {
      const text = read(`${name}.txt`, folder, problems);
      const html = read(`${name}.html`, folder, problems);
      const parts = SUBJECT.exec(text)?.groups;
      if (!parts) problems.push(`${name}.txt must begin with "Subject: …" and an empty line`);
      this.sources.set(name, {
        subject: parts?.['subject'] ?? '',
        text: parts?.['text'] ?? '',
        html,
      });
      const known: readonly string[] = TEMPLATES[name];
      for (const [placeholder, value = ''] of `${text}${html}`.matchAll(PLACEHOLDER)) {
        if (known.includes(value)) continue;
        problems.push(`${name} has no ${placeholder}, only ${known.join(', ')}`);
      }
    }
    this.problems = problems;
  }

  render(name: TemplateName, values: TemplateValues): RenderedMail {
    const { subject, text, html } = this.sources.get(name) as RenderedMail;
    const valueOf = (value: string): string => values[value] ?? '';
    return {
      subject: fill(subject, valueOf),
      text: fill(text, valueOf),
      // Mail of ours with the markup of someone else: values may come from anyone.
      html: fill(html, (value) => escapeHtml(valueOf(value))),
    };
  }
}

function fill(template: string, valueOf: (name: string) => string): string {
  return template.replaceAll(PLACEHOLDER, (_, name: string) => valueOf(name));
}

function read(file: string, folder: string | undefined, problems: string[]): string {
  const theirs = folder === undefined ? undefined : join(folder, file);
  const path = theirs !== undefined && existsSync(theirs) ? theirs : join(OURS ?? '', file);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    problems.push(`${path} cannot be read (${(error as NodeJS.ErrnoException).code})`);
    return '';
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
