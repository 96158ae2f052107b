// Owns people at the control plane's pages: how an account is made from a link, how its browser signs in, and how it
// decides the request of one of its own terminals.
import { createTestBrowser, type TestBrowser } from "./test-browser.js";
import type { Wire } from "./wire.js";

export type Person = {
  readonly accountId: string;
  readonly address: string;
  readonly browser: TestBrowser;
};
export type NewPerson = {
  readonly wire: Wire;
  readonly issuer: string;
  readonly address: string;
  readonly login: string;
  /** A set-up link or an invitation. */
  readonly link: string | undefined;
};
export async function createPerson(person: NewPerson): Promise<Person> {
  const browser = createTestBrowser(person.wire, person.issuer, person.address);
  return { accountId: "", address: person.address, browser };
}
export function approveTerminal(person: Person) {
  return async ({ path }: { readonly path: string; readonly number: string }): Promise<boolean> => {
    await person.browser.open(path);
    return false;
  };
}
