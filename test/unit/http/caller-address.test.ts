import { describe, expect, test } from 'vitest';
import { callerAddress } from '../../../functions/http/caller-address.ts';
import { apiEvent } from '../../harness/http/api-event.ts';

const from = (address: string) => apiEvent({ method: 'GET', path: '/', address });
const throughEdge = (viewer: string) =>
  apiEvent({
    method: 'GET',
    path: '/',
    address: '203.0.113.1',
    headers: { 'cloudfront-viewer-address': viewer },
  });

describe('the address of a caller', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:0001::6', '2001:db8:1:0'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['1:2:3:4:5:6:7::', '1:2:3:4'],
    ['', 'unknown'],
    ['no address', 'unknown'],
  ])('of %s is %s', (sourceIp, address) => {
    expect(callerAddress(from(sourceIp), false)).toBe(address);
  });

  test.each(['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1'])(
    '%s is nobody from outside',
    (sourceIp) => {
      expect(callerAddress(from(sourceIp), false)).toBeUndefined();
    },
  );

  test.each([
    ['198.51.100.10:46532', '198.51.100.10'],
    ['2001:db8:1:2:3:4:5:6:46532', '2001:db8:1:2'],
    ['2001:db8::10:46532', '2001:db8:0:0'],
    ['[2001:db8::10]:46532', '2001:db8:0:0'],
  ])('is what CloudFront says, if it was CloudFront: %s', (viewer, address) => {
    expect(callerAddress(throughEdge(viewer), true)).toBe(address);
    expect(callerAddress(throughEdge(viewer), false)).toBe('203.0.113.1');
  });
});
