/** Addresses of the great resolvers: everybody knows them. */
const WELL_KNOWN = new Set(['8.8.8.8', '8.8.4.4', '9.9.9.9', '1.1.1.1', '1.0.0.1', '208.67.222.222', '208.67.220.220']);

/** Smallest octet that no section number and no version is likely to have. */
const NO_VERSION = 32;

/**
 * Whether four octets are the address of some host on the internet: not private, loopback, link-local, shared,
 * documentation, benchmark, multicast (RFC 6890), no network (`….0`), no version number.
 */
export function isPublicIPv4(address: string): boolean {
  const octets = address.split('.').map(Number);
  const [a, b, c, d] = octets;
  if (a === undefined || b === undefined || c === undefined || octets.length !== 4) return false;
  if (octets.some((octet) => octet > 255) || /(?:^|\.)0\d/.test(address) || WELL_KNOWN.has(address)) return false;
  if (octets.every((octet) => octet < NO_VERSION) || d === 0 || d === 255) return false;
  if (a === 0 || a === 10 || a === 127 || a >= 224) return false;
  if ((a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168) || (a === 169 && b === 254)) return false;
  if ((a === 100 && b >= 64 && b <= 127) || (a === 198 && (b === 18 || b === 19))) return false;
  return !(
    (a === 192 && b === 0 && (c === 0 || c === 2)) ||
    (a === 198 && b === 51 && c === 100) ||
    (a === 203 && b === 0 && c === 113)
  );
}

/** Whether it is a global unicast address (2000::/3) outside of the ranges for documentation. */
export function isPublicIPv6(address: string): boolean {
  const halves = address.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  if (halves.length === 1 ? groups.length !== 8 : groups.length < 2 || groups.length > 7) return false;
  if (groups.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return false;
  const [first, second] = groups.map((group) => parseInt(group, 16));
  if (first === undefined || first < 0x2000 || first > 0x3ffe) return false;
  // 2001:db8::/32 is for documentation; the two others are the great resolvers.
  return !(
    (first === 0x2001 && (second === 0xdb8 || second === 0x4860)) ||
    (first === 0x2606 && second === 0x4700) ||
    first < 0x2001
  );
}
