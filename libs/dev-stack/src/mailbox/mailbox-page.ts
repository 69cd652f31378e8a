import type { ReceivedMail } from './mailbox.js';

const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem }
  article { border: 1px solid #8888; border-radius: 6px; padding: 0 1rem; margin: 1rem 0 }
  pre { white-space: pre-wrap; overflow-wrap: anywhere }`;

/** The mails as a page. Their text alone is shown, never their markup: it may be anyone's. */
export function mailboxPage(mails: readonly ReceivedMail[]): string {
  const shown = mails.map(
    ({ to, subject, text }) =>
      `<article><h2>${escape(subject)}</h2><p>to ${escape(to.join(', '))}</p><pre>${withLinks(text)}</pre></article>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mailbox</title>
<meta http-equiv="refresh" content="5"><style>${STYLE}</style></head><body><h1>Mailbox</h1>
<p>What auth has sent, the latest first. None of it was delivered.</p>
${shown.join('\n') || '<p>No mail yet.</p>'}</body></html>`;
}

function withLinks(text: string): string {
  return escape(text).replaceAll(/https?:\/\/[^\s<>"']+/g, (url) => `<a href="${url}">${url}</a>`);
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escape = (text: string) =>
  text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
