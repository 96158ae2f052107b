// Who has an account at the emulated GitHub. A test may change these people while it runs: rename a login, hide a name.

export type GitHubEmail = {
  email: string;
  primary: boolean;
  verified: boolean;
  visibility: "public" | "private" | null;
};

export type GitHubPerson = {
  /** Never changes and is never given to somebody else. */
  readonly id: number;
  /** Can be renamed, and the old one taken by another. */
  login: string;
  name: string | null;
  /** The public one, often null. */
  email: string | null;
  emails: GitHubEmail[];
  /** Scopes this person grants at most; all that was asked for by default. */
  grants?: readonly string[];
};

export const lin = (): GitHubPerson => ({
  id: 583231,
  login: "lin-wei",
  name: "Lin Wei",
  email: null,
  emails: [
    { email: "583231+lin-wei@users.noreply.github.com", primary: false, verified: true, visibility: null },
    { email: "lin.wei@example.com", primary: true, verified: true, visibility: "private" },
  ],
});

/** Without a name; the primary address was never confirmed. */
export const mona = (): GitHubPerson => ({
  id: 9182736,
  login: "mona",
  name: null,
  email: null,
  emails: [{ email: "mona@example.com", primary: true, verified: false, visibility: null }],
});
