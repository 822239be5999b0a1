import { describe, expect, it } from 'vitest';
import { checkEndpointUrl, isAllowedAddress, isLoopbackAddress, isPublicAddress } from '#lib/webhooks/address-guard.ts';

const inAws = { allowLoopback: false };
const local = { allowLoopback: true };

const publicAddresses = ['8.8.8.8', '1.1.1.1', '52.94.236.248', '172.15.255.255', '172.32.0.1', '11.0.0.1', '100.63.255.255', '100.128.0.1', '169.253.255.255', '192.167.1.1', '223.255.255.255', '2606:4700:4700::1111', '2001:4860:4860::8888', '2a05:d014::1', '2600:1f18::1']; // prettier-ignore

const refusedAddresses: readonly (readonly [string, string])[] = [
  ['0.0.0.0', 'unspecified'],
  ['0.1.2.3', 'this network'],
  ['10.0.0.1', 'private'],
  ['10.255.255.255', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.168.0.1', 'private'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['169.254.169.254', 'instance metadata'],
  ['169.254.170.2', 'container credentials'],
  ['169.254.0.1', 'link-local'],
  ['100.64.0.1', 'shared (CGNAT)'],
  ['100.127.255.255', 'shared (CGNAT)'],
  ['100.100.100.200', 'metadata of another cloud'],
  ['192.0.0.1', 'IETF protocol assignments'],
  ['192.0.2.1', 'documentation'],
  ['198.51.100.1', 'documentation'],
  ['203.0.113.1', 'documentation'],
  ['198.18.0.1', 'benchmarking'],
  ['198.19.255.255', 'benchmarking'],
  ['192.88.99.1', '6to4 relay'],
  ['224.0.0.1', 'multicast'],
  ['239.255.255.255', 'multicast'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'broadcast'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['fe80::1', 'link-local'],
  ['fe80::1%eth0', 'link-local with a zone'],
  ['2606:4700::1%eth0', 'a zone'],
  ['febf::1', 'link-local'],
  ['fec0::1', 'site-local'],
  ['fc00::1', 'unique-local'],
  ['fd00:ec2::254', 'instance metadata'],
  ['fdff::1', 'unique-local'],
  ['ff02::1', 'multicast'],
  ['100::1', 'discard'],
  ['2001:db8::1', 'documentation'],
  ['3fff::1', 'documentation'],
  ['2001:2::1', 'benchmarking'],
  ['2001:10::1', 'ORCHID'],
  ['2001:20::1', 'ORCHIDv2'],
  ['5f00::1', 'segment routing'],
  ['4000::1', 'not given out'],
  ['::ffff:127.0.0.1', 'mapped loopback'],
  ['::ffff:10.0.0.1', 'mapped private'],
  ['::ffff:169.254.169.254', 'mapped metadata'],
  ['::ffff:7f00:1', 'mapped loopback in hexadecimal'],
  ['::ffff:8.8.8.8', 'mapped'],
  ['::127.0.0.1', 'compatible loopback'],
  ['::8.8.8.8', 'compatible'],
  ['::ffff:0:127.0.0.1', 'translated loopback'],
  ['64:ff9b::127.0.0.1', 'NAT64 to loopback'],
  ['64:ff9b::8.8.8.8', 'NAT64'],
  ['64:ff9b:1::a00:1', 'local NAT64'],
  ['2002:7f00:1::1', '6to4 to loopback'],
  ['2002:a00:1::1', '6to4 to private'],
  ['2001:0:4136:e378:8000:63bf:3fff:fdd2', 'Teredo'],
  ['', 'nothing'],
  ['localhost', 'a name'],
  ['0x7f000001', 'no plain spelling'],
  ['0177.0.0.1', 'no plain spelling'],
  ['127.1', 'no plain spelling'],
  ['8.8.8.8.', 'no plain spelling'],
  [' 8.8.8.8', 'no plain spelling'],
  ['[::1]', 'no plain spelling'],
];

describe('an address', () => {
  it.each(publicAddresses)('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
    expect(isAllowedAddress(address, inAws)).toBe(true);
  });

  it.each(refusedAddresses)('%s is not public: %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
    expect(isAllowedAddress(address, inAws)).toBe(false);
  });

  it('is loopback in 127.0.0.0/8 and ::1 only, and allowed there in local mode only', () => {
    const loopback = refusedAddresses.map(([address]) => address).filter(isLoopbackAddress);
    expect(loopback).toEqual(['127.0.0.1', '127.255.255.254', '::1']);
    expect(refusedAddresses.map(([address]) => address).filter((address) => isAllowedAddress(address, local))).toEqual(loopback);
  });
});

describe('an endpoint URL', () => {
  it.each([
    'https://hooks.example.com',
    'https://hooks.example.com:8443/identity?x=1',
    'https://HOOKS.EXAMPLE.COM/a b'.replace(' ', '%20'),
    'https://8.8.8.8/hook',
    'https://[2606:4700:4700::1111]/hook',
    'https://my-local.example.com',
    'https://internal.example.com',
    'https://xn--bcher-kva.example/',
    'https://10.example.com',
  ])('%s is allowed', (url) => {
    expect(checkEndpointUrl(url, inAws)).toEqual({ kind: 'allowed', url: new URL(url) });
  });

  it.each([
    ['http://hooks.example.com', 'must start with https://'],
    ['http://127.0.0.1', 'must start with https://'],
    ['ftp://hooks.example.com', 'must start with https://'],
    ['file:///etc/passwd', 'must start with https://'],
    ['hooks.example.com', 'is not a URL'],
    ['', 'is not a URL'],
    ['https://', 'is not a URL'],
    ['https://999.999.999.999', 'is not a URL'],
    [' https://hooks.example.com', 'white space'],
    ['https://hooks.exam\nple.com', 'white space'],
    ['https://user@hooks.example.com', 'user name'],
    ['https://user:secret@hooks.example.com', 'user name'],
    ['https://hooks.example.com:0', 'port 0'],
    ['https://127.0.0.1', '127.0.0.1: it is no public address (loopback)'],
    ['https://2130706433', '127.0.0.1'],
    ['https://0x7f000001', '127.0.0.1'],
    ['https://0177.0.0.1', '127.0.0.1'],
    ['https://127.1', '127.0.0.1'],
    ['https://127.0.0.1.', '127.0.0.1'],
    ['https://１２７.０.０.１', '127.0.0.1'],
    ['https://127。0。0。1', '127.0.0.1'],
    ['https://%31%32%37.0.0.1', '127.0.0.1'],
    ['https://0', '0.0.0.0'],
    ['https://0xa9fea9fe/latest/meta-data', '169.254.169.254'],
    ['https://[::1]', '::1'],
    ['https://[0:0:0:0:0:0:0:1]', '::1'],
    ['https://[::ffff:127.0.0.1]', '::ffff:7f00:1'],
    ['https://[fd00:ec2::254]', 'fd00:ec2::254'],
    ['https://localhost', '"localhost"'],
    ['https://LOCALHOST', '"localhost"'],
    ['https://ｌocalhost', '"localhost"'],
    ['https://localhost.', 'dot'],
    ['https://app.localhost', '"localhost"'],
    ['https://localhost.localdomain', '"localdomain"'],
    ['https://printer.local', '"local"'],
    ['https://ip-10-0-0-1.eu-central-1.compute.internal', '"internal"'],
    ['https://metadata.google.internal', '"internal"'],
    ['https://router.home.arpa', '"home.arpa"'],
    ['https://wiki.intranet', '"intranet"'],
    ['https://kubernetes', 'without a dot'],
    ['https://hooks.example.com.', 'dot'],
    [`https://${'a.'.repeat(150)}example.com`, 'longer than 253'],
    [`https://${'a.'.repeat(500)}internal`, 'longer than 253'],
    [`https://${'a'.repeat(1_000)}`, 'longer than 253'],
  ])('%s is refused: %s', (url, reason) => {
    expect(checkEndpointUrl(url, inAws)).toEqual({ kind: 'refused', reason: expect.stringContaining(reason) as string });
  });

  it.each([
    'http://127.0.0.1:8080/hook',
    'http://127.8.9.10',
    'http://localhost:3000',
    'http://[::1]:3000',
    'https://localhost',
    'https://127.0.0.1',
    'http://2130706433',
  ])('%s is allowed in local mode', (url) => {
    expect(checkEndpointUrl(url, local)).toMatchObject({ kind: 'allowed' });
    expect(checkEndpointUrl(url, inAws)).toMatchObject({ kind: 'refused' });
  });

  it.each([
    'http://hooks.example.com',
    'http://10.0.0.1',
    'https://10.0.0.1',
    'https://169.254.169.254',
    'http://app.localhost',
    'http://0.0.0.0',
    'http://user@localhost',
    'https://[::ffff:127.0.0.1]',
  ])('%s is refused in local mode too', (url) => {
    expect(checkEndpointUrl(url, local)).toMatchObject({ kind: 'refused' });
  });
});
