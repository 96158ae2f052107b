// Addresses as they are stored and as limits count them.
import { expect, test } from "vitest";
import { limitedAddress, plainAddress } from "../../../src/control/http/addresses.js";

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::FFFF:192.0.2.1", "192.0.2.1"],
  ["2001:DB8::1", "2001:db8::1"],
  ["fe80::1%eth0", "fe80::1"],
  ["", "unknown"],
  [undefined, "unknown"],
  ["not an address", "unknown"],
  ["1.2.3.4; drop", "unknown"],
])("%j is %j", (given, plain) => {
  expect(plainAddress(given)).toBe(plain);
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
  ["2001:0db8:0001:0002::9", "2001:db8:1:2::/64"],
  ["2001:db8::9", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["1::", "1:0:0:0::/64"],
  ["64:ff9b::192.0.2.33", "64:ff9b:0:0::/64"],
])("limits count %j as %j", (given, counted) => {
  expect(limitedAddress(given)).toBe(counted);
});
