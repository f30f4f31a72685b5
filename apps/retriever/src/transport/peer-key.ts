import { isIPv6, SocketAddress } from 'node:net';

/**
 * What stands for one peer when its connections are counted: an IPv4 address, or the /64 network of an IPv6 address, because one host
 * has as many addresses as it likes in its own. IPv4 in IPv6 counts as IPv4. Nothing (a Unix socket): the empty text.
 *
 * @example peerKey('::ffff:10.0.0.5'); // '10.0.0.5'
 * @example peerKey('2001:db8::1'); // '2001:db8:0:0/64'
 */
export function peerKey(address: string | undefined): string {
  if (address === undefined || address === '') return '';
  if (!isIPv6(address)) return address;
  const { address: plain } = new SocketAddress({ address: address.replace(/%.*$/, ''), family: 'ipv6' });
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain) ?? [];
  if (mapped !== undefined) return mapped;
  const [head, tail] = plain.split('::');
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  return `${groups.slice(0, 4).join(':')}/64`;
}

const groupsOf = (text: string): string[] => (text === '' ? [] : text.split(':'));
