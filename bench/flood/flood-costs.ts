/** Dollars by the price list of us-east-1, as in docs/deploy.md. */

const million = 1_000_000;

const dollars = {
  /** API Gateway, Lambda and the access log. */
  apiRequest: 1.37 / million,
  firewall: 0.6 / million,
  /** For what WAF lets through: CloudFront charges nothing for the rest. */
  edgeRequest: 1 / million,
  writeUnit: 0.625 / million,
  readUnit: 0.125 / million,
} as const;

export interface FloodRow {
  readonly attack: string;
  readonly requests: number;
  /** That WAF stopped. */
  readonly stopped: number;
  /** That Tally refused: all answers from 400 on. */
  readonly refused: number;
  /** That Tally did as asked; of a batch, items. */
  readonly done: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly dollars: number;
}

export type FloodMeter = { -readonly [K in keyof Omit<FloodRow, 'attack' | 'dollars'>]: number };

export const newMeter = (): FloodMeter => ({
  requests: 0,
  stopped: 0,
  refused: 0,
  done: 0,
  writeUnits: 0,
  readUnits: 0,
});

export function costOf(meter: FloodMeter, isProtected: boolean): number {
  const { requests, stopped, writeUnits, readUnits } = meter;
  return (
    (requests - stopped) * (dollars.apiRequest + (isProtected ? dollars.edgeRequest : 0)) +
    (isProtected ? requests * dollars.firewall : 0) +
    writeUnits * dollars.writeUnit +
    readUnits * dollars.readUnit
  );
}
