import { describe, expect, it, vi } from 'vitest';
import { KeySetReport } from './key-set-report.js';

const newReport = () => {
  const log = { log: vi.fn(), warn: vi.fn(), error: vi.fn() };
  return { log, report: new KeySetReport('https://auth.example.com', log) };
};
const lost = 'The keys of https://auth.example.com cannot be fetched';

describe('KeySetReport', () => {
  it('logs each change of the state once, with the reason', () => {
    const { log, report } = newReport();
    report.noteState('missing', new Error('down'));
    report.noteState('missing', new Error('down'));
    report.noteState('fresh', undefined);
    report.noteState('stale', 'no error');
    expect(log.warn.mock.calls).toEqual([
      [`${lost}, there are none to use: down`],
      [`${lost}, the last ones stay in use: no error`],
    ]);
    expect(log.log.mock.calls).toEqual([['Fetched the keys of https://auth.example.com again']]);
  });

  it('logs which keys are not used, whenever they are others', () => {
    const { log, report } = newReport();
    const weak = { kid: 'weak', fault: 'bad_size' as const };
    for (const ignored of [[], [weak], [weak], [], [weak]]) report.noteIgnored(ignored);
    const line = 'Keys of https://auth.example.com that are not used: weak (bad_size)';
    expect(log.warn.mock.calls).toEqual([[line], [line]]);
  });

  it('needs no log', () => {
    const report = new KeySetReport('https://auth.example.com', undefined);
    expect(() => {
      report.noteState('fresh', undefined);
      report.noteState('stale', new Error('down'));
      report.noteIgnored([{ kid: 'weak', fault: 'bad_size' }]);
    }).not.toThrow();
  });
});
