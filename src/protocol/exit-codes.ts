// Exit codes of every program: part of the contract with scripts (DESIGN section 6).

export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  notActivated: 3,
  signInNeeded: 4,
  notPermitted: 5,
  conflict: 6,
  unreachable: 7,
  timedOut: 8,
  unbound: 9,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
