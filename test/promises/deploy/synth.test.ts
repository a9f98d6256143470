import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeOpenCounters } from '../../../functions/counters/open-counters.ts';
import { tally } from '../../../tally.config.ts';

const output = mkdtempSync(join(tmpdir(), 'tally-synth-'));
afterAll(() => rmSync(output, { recursive: true }));

let synth: ReturnType<typeof spawnSync>;
beforeAll(() => {
  // No credentials and no account: a build in CI has neither.
  const env = Object.entries(process.env).filter(([name]) => !/^(AWS|CDK)_/.test(name));
  // With everything that a deployment may choose to have.
  const chosen = [
    'alarmEmail=ops@example.com',
    'monthlyBudgetUsd=40',
    'jwtIssuer=https://id.example.com/',
    'jwtAudience=tally',
    'maxReadUnits=500',
    'maxWriteUnits=200',
    'writeConcurrency=50',
    'protect=true',
    'botControl=true',
    'originSecretVersion=2',
  ].flatMap((value) => ['--context', value]);
  synth = spawnSync(
    'npx',
    ['cdk', 'synth', '--quiet', '--no-notices', '--output', output, ...chosen],
    { encoding: 'utf8', env: { ...Object.fromEntries(env), AWS_EC2_METADATA_DISABLED: 'true' } },
  );
}, 600_000);

test('cdk synth needs no account and finds nothing to complain about', () => {
  expect(synth.stderr).not.toContain('AwsSolutions');
  expect(synth.status, String(synth.stderr)).toBe(0);
  expect(existsSync(join(output, 'Tally.template.json'))).toBe(true);
});

test('the template and the AWS Solutions rules were checked, and every finding is resolved or acknowledged', () => {
  const { pluginReports } = JSON.parse(
    readFileSync(join(output, 'validation-report.json'), 'utf8'),
  );
  expect(pluginReports).toEqual([]);
});

test('cdk synth says which counters callers without a credential may write, and how', () => {
  for (const line of describeOpenCounters(tally)) expect(synth.stderr).toContain(line);
  expect(synth.stderr).toContain('counter: adds up to 1,000, or takes as much away');
});
