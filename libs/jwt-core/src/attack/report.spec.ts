import { describe, expect, it } from 'vitest';
import { type AttackResult, type CheckReport, formatReport } from './report.js';

const rule = {
  rule: 'typ',
  level: 'must',
  rfc: 'RFC 9068 §4',
  mend: 'Accept only typ at+jwt.',
} as const;
const result = (name: string, change: Partial<AttackResult> = {}): AttackResult => ({
  ...{ group: 'header', name, outcome: 'refused', status: 401, ...rule },
  ...change,
});

const letIn = result('typ "JWT"', { outcome: 'let in', status: 200 });
const broke = result('no <answer> & "more"', {
  ...{
    outcome: 'broke',
    status: 0,
    rule: 'bits',
    level: 'should',
    rfc: 'RFC 4648 §3.5',
    mend: 'Refuse.',
  },
});
const also = result('without typ', { outcome: 'let in', status: 204 });
const results = [result('typ 7'), letIn, broke, also];
const report: CheckReport = {
  ...{ url: 'http://s/', issuer: 'http://i', results, findings: [letIn, broke, also] },
};

describe('formatReport', () => {
  it('writes for a reader what to repair, and which attacks it concerns', () => {
    expect(formatReport(report)).toBe(
      `http://s/, tokens of http://i: 4 attacks, 3 findings

MUST RFC 9068 §4: Accept only typ at+jwt.
  let in (200) header: typ "JWT"
  let in (204) header: without typ

SHOULD RFC 4648 §3.5: Refuse.
  broke (no answer) header: no <answer> & "more"
`,
    );
  });

  it('writes JSON', () => {
    expect(JSON.parse(formatReport(report, 'json'))).toEqual(report);
  });

  it('writes JUnit, with a failure for each finding', () => {
    expect(formatReport(report, 'junit')).toBe(
      `<testsuite name="http://s/" tests="4" failures="3" errors="0">
<testcase classname="header" name="typ 7"></testcase>
<testcase classname="header" name="typ &#34;JWT&#34;"><failure message="let in (200) header: typ &#34;JWT&#34;. RFC 9068 §4: Accept only typ at+jwt."/></testcase>
<testcase classname="header" name="no &#60;answer&#62; &#38; &#34;more&#34;"><failure message="broke (no answer) header: no &#60;answer&#62; &#38; &#34;more&#34;. RFC 4648 §3.5: Refuse."/></testcase>
<testcase classname="header" name="without typ"><failure message="let in (204) header: without typ. RFC 9068 §4: Accept only typ at+jwt."/></testcase>
</testsuite>
`,
    );
  });

  it.each([
    ['text', 'The set-up is wrong: why'],
    ['json', '"setUp": "why"'],
    ['junit', 'errors="1">\n<testcase name="set-up"><error message="why"/></testcase>'],
  ] as const)('says as %s that the set-up is wrong', (format, line) => {
    const wrong = { ...report, setUp: 'why', results: [], findings: [] };
    expect(formatReport(wrong, format)).toContain(line);
  });
});
