import { ApiError } from '../api/problem.js';
import { texts } from '../texts.js';

export const asText = (value: unknown) => JSON.stringify(value, null, 2);

/** @throws ApiError for `name`, if the text is no JSON object */
export function asObject(text: string, name: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text.trim() === '' ? '{}' : text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Said below.
  }
  const fault = { path: name, message: texts.noObject };
  throw new ApiError('invalid_input', texts.problems.invalid_input, [fault]);
}
