// The broken variants, as data: one small change to the source each, that the property and crash tests must notice.
// `find` must stand in the file exactly once, so that a mutant dies loudly when the code around it changes.

export type Change = { readonly file: string; readonly find: string; readonly replace: string };

export type Mutant = {
  readonly name: string;
  /** Which promise it breaks. */
  readonly breaks: string;
  readonly changes: readonly Change[];
  /** Where the crash tests look first (JITNODE_TEST_ONLY); unset, they sample all steps. */
  readonly crashes?: string;
};

const services = "src/control/services";

export const mutants: readonly Mutant[] = [
  {
    name: "the binding is written outside the approval's transaction",
    breaks: "a refused or interrupted approval leaves something behind",
    crashes: "activation with a new organization, control, after the commit",
    changes: [
      {
        file: `${services}/activations.ts`,
        find: `import { asThumbprint, nodeIdOf } from "../../domain/ids.js";`,
        replace: `import { asThumbprint, createBindingId, nodeIdOf } from "../../domain/ids.js";`,
      },
      {
        file: `${services}/activations.ts`,
        find: "    const { bindingId, nodeId } = await bindNode(context, tx, actor, request, organization);\n",
        replace: `    const drawn = Array.from({ length: 16 }, () => context.random.below(58));
    let next = 0;
    const below = (): number => drawn[next++ % 16] ?? 0;
    const bindingId = createBindingId(below);
    const thumbprint = asThumbprint(request.dpop_jkt ?? "");
    if (thumbprint === undefined) throw new JitnodeError("internal_error");
    const nodeId = nodeIdOf(thumbprint);
    const sameDraws = { ...context, random: { ...context.random, below } };
    later.set(actor, () =>
      store.transaction(async (second) => void (await bindNode(sameDraws, second, actor, request, organization))),
    );
`,
      },
      {
        file: `${services}/activations.ts`,
        find: "  const lookupOf = (userCode: string): string => {\n",
        replace: `  const later = new WeakMap<PersonActor, () => Promise<void>>();
  const lookupOf = (userCode: string): string => {
`,
      },
      {
        file: `${services}/activations.ts`,
        find: `      return answer;
    },

    async deny(`,
        replace: `      await later.get(actor)?.();
      return answer;
    },

    async deny(`,
      },
    ],
  },
  {
    name: "a refresh keeps the old code",
    breaks: "a refreshed code works again",
    changes: [
      {
        file: "src/control/store/binding-codes.ts",
        find: `    .where("lookup", "=", lookup)
    .where("revoked_at", "is", null)
`,
        replace: `    .where("lookup", "=", lookup)
`,
      },
    ],
  },
  {
    name: "a proof may be made with any key",
    breaks: "a stolen access token works with the thief's own key",
    changes: [
      {
        file: "src/control/http/authentication.ts",
        find: `if (proof.jkt !== claims.jkt) throw badProof(`,
        replace: `if (proof.jkt === "") throw badProof(`,
      },
    ],
  },
  {
    name: "a proof's signature is not checked",
    breaks: "a stolen access token works with a proof that only names its key",
    changes: [
      {
        file: "src/control/oauth/proofs.ts",
        find: "    const { payload } = await compactVerify(proof, key, { algorithms: [head.algorithm] });\n",
        replace: `    await compactVerify(proof, key, { algorithms: [head.algorithm] }).catch(() => undefined);
    const payload = Buffer.from(proof.split(".")[1] ?? "", "base64url");
`,
      },
    ],
  },
  {
    name: "removing a member keeps their sessions",
    breaks: "a removed person's terminal of that organization's node stays signed in",
    changes: [
      {
        file: `${services}/members.ts`,
        find: "await endSessionsFromNodesOf(tx, target, id, clock.now());",
        replace: `await endSessionsFromNodesOf(tx, target, "" as typeof id, clock.now());`,
      },
    ],
  },
  {
    name: "removing a member keeps the binding code",
    breaks: "a removed person comes back with the code they knew",
    changes: [
      {
        file: `${services}/members.ts`,
        find: "        await replaceCode(context, tx, id, actor.accountId);\n",
        replace: "        void replaceCode;\n",
      },
    ],
  },
  {
    name: "an answer is not kept under its idempotency key",
    breaks: "a repeated request is done twice",
    changes: [
      {
        file: `${services}/idempotency.ts`,
        find: "await keepAnswer(tx, scope, 200,",
        replace: "await forgetRequest(tx, scope);\n    await keepAnswer(tx, scope, 200,",
      },
    ],
  },
  {
    name: "a migration is not one transaction",
    breaks: "a first start that was interrupted can never be finished",
    crashes: "the first start of a control plane, control, after the write",
    changes: [
      {
        file: "src/control/store/sqlite.ts",
        find: `  override get supportsTransactionalDdl(): boolean {
    return true;`,
        replace: `  override get supportsTransactionalDdl(): boolean {
    return false;`,
      },
    ],
  },
  {
    name: "the daemon forgets what its operator ended",
    breaks: "a binding that the operator ended comes back",
    changes: [
      {
        file: "src/daemon/services/unbinding.ts",
        find: "releases: [...releases, { binding_id, server, confirmed: false, released_at: at }],",
        replace: "releases,",
      },
    ],
  },
];
