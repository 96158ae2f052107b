// What each sealed value is bound to (the authenticated context of Secrets.seal). In one place, because `keys rewrap`
// must open and seal all of them again.

export const sealContext = {
  bindingCode: (orgId: string) => `binding_code:${orgId}`,
  signingKey: (kid: string) => `signing_key:${kid}`,
  /** Deleted by a rewrap, never sealed again. */
  idempotentAnswer: (scopeHash: string) => `idempotent_answer:${scopeHash}`,
  /** In a cookie of half an hour, never in the database; what another key has sealed is forgotten. */
  refusedForm: (owner: string) => `refused_form:${owner}`,
} as const;
