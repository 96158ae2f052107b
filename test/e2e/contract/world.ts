// Owns what all flows of a site share: the site itself and two people who are signed in.
import { createFirstPerson, createPerson, type Person } from "./person.js";
import { startSite, type Dialect, type Site } from "./site.js";

export type World = {
  readonly site: Site;
  /** The first account. */
  readonly ada: Person;
  readonly bob: Person;
  /** An organization id that no other test uses. */
  readonly newId: (word: string) => string;
};

export async function createWorld(dialect: Dialect): Promise<World> {
  const site = await startSite(dialect, { scope: "file", signup: "open" });
  const ada = await createFirstPerson(site, "ada");
  const bob = await createPerson(site, "bob");
  let ids = 0;
  return {
    site,
    ada,
    bob,
    newId: (word) => {
      ids += 1;
      return `${word}-${String(ids)}`;
    },
  };
}

/** Each outcome, so often: for what happens at once in an unknown order. */
export const sorted = (answers: readonly { readonly outcome: string }[]): readonly string[] =>
  answers.map(({ outcome }) => outcome).sort();
