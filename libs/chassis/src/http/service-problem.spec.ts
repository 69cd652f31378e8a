import { QueryFailedError } from 'typeorm';
import { expect, it } from 'vitest';

import { serviceProblem } from './service-problem.js';

const withCode = (code: string, message = 'failed') => Object.assign(new Error(message), { code });
const unavailable = {
  status: 503,
  code: 'database_unavailable',
  headers: { 'Retry-After': '1' },
};

it.each([
  ['refuses', withCode('ECONNREFUSED')],
  ['refuses at all its addresses', new AggregateError([withCode('ECONNREFUSED')])],
  ['hangs up', new Error('Connection terminated unexpectedly')],
  ['is silent', new Error('Query read timeout')],
  ['does not answer', new Error('timeout expired')],
  ['is stopped', new QueryFailedError('SELECT 1', [], withCode('57P01'))],
  ['has no room', withCode('53300')],
])('asks callers to come again when the database %s', (_name, error) => {
  expect(serviceProblem(error)).toEqual(unavailable);
});

it.each([
  ['a query that is wrong', new QueryFailedError('SELECT', [], withCode('42601'))],
  ['an error of our own', new TypeError('undefined is not a function')],
  [
    'addresses of which one fails otherwise',
    new AggregateError([withCode('ECONNREFUSED'), withCode('42501')]),
  ],
  ['something that is no error', 'ECONNREFUSED'],
])('leaves %s to others', (_name, error) => {
  expect(serviceProblem(error)).toBeUndefined();
});

it('does not call it a fault of the service when a caller hangs up', () => {
  const aborted = Object.assign(withCode('ECONNRESET', 'aborted'), { statusCode: 400 });
  expect(serviceProblem(aborted)).toMatchObject({ status: 400 });
});
