import type { Origin } from '../audit/origin.js';
import type { TemplateValues } from './mail-templates.js';

/**
 * When and from where something was done, for the user to recognize. Not what the client says of itself:
 * a stranger could put a text of their own into our mail by that.
 */
export function noticeOf(at: Date, { address }: Origin): TemplateValues {
  return { time: at.toUTCString(), address };
}
