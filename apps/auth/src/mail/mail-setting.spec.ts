import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { readConfig } from '../settings.js';
import { MailTemplates, TEMPLATES, type TemplateName } from './mail-templates.js';
import { mailFrom, smtpUrl } from './mail-setting.js';

describe('SMTP_URL', () => {
  it.each([
    ['smtp://localhost:11025', false],
    ['smtp://relay.internal', false],
    ['smtps://user:password@smtp.example.com', true],
    ['smtp://user:p%40ss@smtp.example.com:587', true],
    ['smtp://user:password@127.0.0.1:11025', false],
    ['smtp://user:password@relay.internal?requireTLS=false', false],
  ])('may be %s; only sends with TLS: %s', (url, requiresTls) => {
    expect(smtpUrl().parse(url)).toEqual({ url, requiresTls });
  });

  it.each([
    'smtp.example.com:587',
    'http://smtp.example.com',
    'smtp://',
    'smtp://user@smtp.example.com',
    'smtp://smtp.example.com/path',
    'smtp://smtp.example.com?logger=true',
    'smtp://smtp.example.com#x',
  ])('may not be %s', (url) => {
    expect(smtpUrl().safeParse(url).success).toBe(false);
  });
});

describe('MAIL_FROM', () => {
  it.each(['accounts@example.com', 'Ada & Co. <accounts@example.com>'])('may be %s', (from) => {
    expect(mailFrom().parse(from)).toBe(from);
  });

  it.each(['accounts', 'Accounts <accounts>', 'a@b.example, c@d.example', 'x\n <a@b.example>'])(
    'may not be %j',
    (from) => expect(mailFrom().safeParse(from).success).toBe(false),
  );

  it('is required with a mail server in production', () => {
    const environment = { NODE_ENV: 'production', SMTP_URL: 'smtp://localhost' };
    expect(() => readConfig(environment)).toThrow('MAIL_FROM: is required');
  });
});

describe('templates', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mail-templates-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(Object.keys(TEMPLATES) as TemplateName[])('%s says all that it may', (name) => {
    expect(new MailTemplates().problems).toEqual([]);
    const values = Object.fromEntries(TEMPLATES[name].map((value) => [value, `<${value}>`]));
    const { subject, text, html } = new MailTemplates().render(name, values);
    expect(subject).not.toContain('{{');
    for (const value of TEMPLATES[name]) {
      expect(text).toContain(`<${value}>`);
      expect(html).toContain(`&lt;${value}&gt;`);
    }
  });

  it('of an operator are used instead of ours, file by file', () => {
    writeFileSync(join(folder, 'password-changed.txt'), 'Subject: Neu\n\nHallo {{ email }}\n');
    const templates = new MailTemplates(folder);
    expect(templates.problems).toEqual([]);
    const mail = templates.render('password-changed', { email: 'ada@example.com' });
    expect(mail).toMatchObject({ subject: 'Neu', text: 'Hallo ada@example.com\n' });
    expect(mail.html).toContain('password');
  });

  it('with a fault end the start', () => {
    writeFileSync(join(folder, 'password-changed.txt'), 'Hallo {{name}}\n');
    expect(() =>
      readConfig({ DATABASE_URL: 'postgres://localhost/x', MAIL_TEMPLATES: folder }),
    ).toThrow(
      /MAIL_TEMPLATES: password-changed.txt must begin[^]*has no \{\{name\}\}, only service/,
    );
  });

  it('in a folder whose name cannot be one are a problem beside the others', () => {
    const wrong = { DATABASE_URL: 'none', MAIL_TEMPLATES: 'x'.repeat(4097) };
    expect(() => readConfig(wrong)).toThrow(/DATABASE_URL: [^]*MAIL_TEMPLATES: /);
  });
});
