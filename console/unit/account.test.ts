import { expect, test } from 'vitest';
import { sentRoles, isShutOut } from '../src/features/admins/roles';
import { audienceOf, targetOf } from '../src/features/announcements/audience';
import { addressesOf, stateOf } from '../src/features/api-keys/keys';
import { deviceName, isHandheld } from '../src/shared/account/device';

test('a session is named after its browser and system', () => {
  const of = (browser: string, system: string) => deviceName(`Mozilla/5.0 (${system}) ${browser}`);
  expect(of('AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36', 'X11; Linux x86_64')).toBe('Chrome on Linux');
  expect(of('AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0', 'Windows NT 10.0; Win64; x64')).toBe('Edge on Windows');
  expect(of('Gecko/20100101 Firefox/133.0', 'Macintosh; Intel Mac OS X 10.15; rv:133.0')).toBe('Firefox on macOS');
  expect(of('AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1', 'iPhone; CPU iPhone OS 18_1 like Mac OS X')).toBe('Safari on iOS');
  expect(of('AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36', 'Linux; Android 15; Pixel 9')).toBe('Chrome on Android');
  expect(deviceName('curl/8.5.0')).toBe('curl/8.5.0');
  expect(deviceName('  ')).toBe('not named');
  expect(isHandheld('Mozilla/5.0 (Linux; Android 15) Mobile')).toBe(true);
  expect(isHandheld('Mozilla/5.0 (X11; Linux x86_64)')).toBe(false);
});

test('roles are sent as the server wants them', () => {
  expect(sentRoles({ role: 'owner', environments: { staging: 'viewer' } })).toEqual({ role: 'owner', environments: {} });
  expect(sentRoles({ role: 'viewer', environments: { staging: 'editor', production: 'viewer' } })).toEqual({ role: 'viewer', environments: { staging: 'editor' } });
  expect(isShutOut({ role: 'none', environments: { staging: 'none' } })).toBe(true);
  expect(isShutOut({ role: 'none', environments: { staging: 'viewer' } })).toBe(false);
});

test('addresses of a key come one a line or with commas, and the first wrong one is told', () => {
  expect(addressesOf('10.0.0.0/8\n 2001:db8::/32, 127.0.0.1 ')).toEqual({ addresses: ['10.0.0.0/8', '2001:db8::/32', '127.0.0.1'] });
  expect(addressesOf('')).toEqual({ addresses: [] });
  expect(addressesOf('10.0.0.1, example.com').wrong).toBe('example.com');
});

test('a key that has ended is expired, whatever its switch says', () => {
  const end = '2030-01-01T00:00:00.000Z';
  const at = Date.parse(end);
  expect([stateOf({ active: true, expires_at: end }, at - 1), stateOf({ active: true, expires_at: end }, at), stateOf({ active: false, expires_at: null }, at)]).toEqual(['active', 'expired', 'off']);
});

test('a message goes nowhere before its receiver is chosen, and asks before it goes to many', () => {
  expect(targetOf({ kind: 'package' }, 'production')).toBeUndefined();
  expect(targetOf({ kind: 'client' }, 'production')).toBeUndefined();
  expect(targetOf({ kind: 'client', clientId: 7 }, 'production')).toEqual({ broadcast: 'send_client_notification', members: { client_id: 7 } });
  expect(targetOf({ kind: 'package', packageId: 3, packageName: 'Pro' }, 'production')).toEqual({ broadcast: 'broadcast_announcement', members: { audience: { package: 3 } }, many: 'all clients on Pro in production' });
  expect(targetOf({ kind: 'role', role: 'owner' }, 'production')).toEqual({ broadcast: 'send_admin_notification', members: { role: 'owner' } });
});

test('an audience in words', () => {
  expect(audienceOf('all')).toEqual({ words: 'everybody' });
  expect(audienceOf({ package: 3 })).toEqual({ words: 'clients on', packageId: 3 });
  expect(audienceOf({ role: 'owner' })).toEqual({ words: 'admins with the role owner' });
  expect(audienceOf({})).toEqual({ words: 'all admins' });
});
