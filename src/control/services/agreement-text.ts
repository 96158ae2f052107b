// The agreement that ships, for control planes that bring none of their own (JITNODE_CONTROL_AGREEMENT_FILE).

export const shippedAgreement = `# Agreement for developer organizations

Whoever creates a developer organization on this control plane agrees to the following.

1. **You act for the organization.** You may create it, and you become its administrator.
2. **Its members may bind nodes to it.** Whoever has the organization's current binding code can join it and bind nodes
   to it. Give the code only to people who shall belong to it, and refresh it after each invitation.
3. **You answer for your nodes.** What runs on the nodes of the organization is the organization's responsibility.
4. **What is kept.** The control plane keeps accounts, memberships, nodes and an audit log of who changed what and when,
   for as long as its operator needs them to run it.
5. **No warranty.** The control plane is run by whoever operates it, as it is. Its operator may end the service or close
   accounts that endanger it.
`;
