// The address a request came from, as it is shown, stored and limited.

import { isIPv4, isIPv6 } from "node:net";

/** Without the IPv4-in-IPv6 form and a zone; anything that is no address becomes `unknown`. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return "unknown";
  const bare = address.replace(/%.*$/, "").toLowerCase();
  const mapped = /^::ffff:([0-9.]+)$/.exec(bare)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return mapped;
  return isIPv4(bare) || isIPv6(bare) ? bare : "unknown";
}

/** What limits count: an IPv4 address, or the /64 of an IPv6 address, since a household has all of that. */
export function limitedAddress(address: string): string {
  const plain = plainAddress(address);
  if (!isIPv6(plain)) return plain;
  return `${expand(plain).slice(0, 4).join(":")}::/64`;
}

function expand(address: string): readonly string[] {
  const [head = "", tail] = address.split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  // A dotted tail (64:ff9b::192.0.2.1) stands for two groups, and never among the first four but in odd writings.
  const width = [...left, ...right].reduce((sum, group) => sum + (group.includes(".") ? 2 : 1), 0);
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - width) }, () => "0");
  return [...left, ...zeros, ...right].map((group) => group.replace(/^0+(?=.)/, ""));
}
