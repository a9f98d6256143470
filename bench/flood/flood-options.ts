/** What the flood is asked to be: `--requests 1000000 --addresses 100 …` */
import { parseArgs } from 'node:util';

export interface FloodOptions {
  readonly requests: number;
  /** A second; by default what a deployment takes. */
  readonly rate: number;
  /** That the requests come from, in turn. */
  readonly addresses: number;
  /** Instances of each function. */
  readonly instances: number;
  readonly seed: number;
  /** Whether CloudFront and WAF are in front. */
  readonly isProtected: boolean;
}

export const usualFlood: FloodOptions = {
  requests: 1_000_000,
  rate: 2_000,
  addresses: 1,
  instances: 40,
  seed: 1,
  isProtected: false,
};

const text = { type: 'string' } as const;

/** @throws if an option is unknown, or not a whole number from 1 on */
export function parseFloodOptions(args: readonly string[]): FloodOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      requests: text,
      rate: text,
      addresses: text,
      instances: text,
      seed: text,
      protect: { type: 'boolean', default: false },
    },
  });
  const numberOf = (name: 'requests' | 'rate' | 'addresses' | 'instances' | 'seed'): number => {
    const value = Number(values[name] ?? usualFlood[name]);
    if (Number.isInteger(value) && value >= 1) return value;
    throw new RangeError(`--${name} must be a whole number from 1 on`);
  };
  return {
    requests: numberOf('requests'),
    rate: numberOf('rate'),
    addresses: numberOf('addresses'),
    instances: numberOf('instances'),
    seed: numberOf('seed'),
    isProtected: values.protect,
  };
}
