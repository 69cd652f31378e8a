import { base64URLStringToBuffer } from '@simplewebauthn/browser';

export type JsonObject = Readonly<Record<string, unknown>>;

/** A JWT taken apart. Nothing of it has been checked. */
export interface JwtParts {
  readonly header: JsonObject;
  readonly payload: JsonObject;
  /** What is signed. */
  readonly signed: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
}

/** `undefined` if the text is no JWT (RFC 7519 section 7.2). */
export function partsOfJwt(token: string): JwtParts | undefined {
  const segments = token.split('.');
  const [header = '', payload = '', signature = ''] = segments;
  if (segments.length !== 3) return undefined;
  try {
    return {
      header: jsonObject(header),
      payload: jsonObject(payload),
      signed: new TextEncoder().encode(`${header}.${payload}`),
      signature: bytesOf(signature),
    };
  } catch {
    return undefined;
  }
}

/** @throws DOMException if it is no base64url */
function bytesOf(segment: string): Uint8Array<ArrayBuffer> {
  if (!/^[\w-]*$/.test(segment)) throw new SyntaxError('no base64url');
  return new Uint8Array(base64URLStringToBuffer(segment));
}

function jsonObject(segment: string): JsonObject {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(segment));
  const value: unknown = JSON.parse(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as JsonObject;
  }
  throw new SyntaxError('no JSON object');
}
