import { describe, expect, test } from 'vitest';
import { callerAddress } from '../../../functions/http/caller-address.ts';
import { apiEvent } from '../../harness/http/api-event.ts';

const from = (address: string) => apiEvent({ method: 'GET', path: '/', address });
describe('the address of a caller', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:0001::6', '2001:db8:1:0'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['1:2:3:4:5:6:7::', '1:2:3:4'],
    ['::2', '0:0:0:0'],
    ['', 'unknown'],
    ['no address', 'unknown'],
  ])('of %s is %s', (sourceIp, address) => {
    expect(callerAddress(from(sourceIp))).toBe(address);
  });

  test.each(['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1'])(
    '%s is nobody from outside',
    (sourceIp) => {
      expect(callerAddress(from(sourceIp))).toBeUndefined();
    },
  );
});
