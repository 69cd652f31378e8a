import { z } from 'zod';

/** Refuses control characters, line breaks among them, and lone surrogates. */
export const oneLine = z.regex(/^[^\p{Cc}\p{Surrogate}]*$/u, 'expected no control characters');

/** Text on one line, as of a name, without the white space around it. */
export const line = (max: number) => z.string().trim().max(max).check(oneLine);
