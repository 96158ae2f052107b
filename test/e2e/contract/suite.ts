// The end-to-end suite of the API, run against a started site on either database. Every answer is judged by the OpenAPI
// document, and at the end every operation and every status that it declares was seen.
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { activationFlows } from "./flows/activation.js";
import { nodeFlows } from "./flows/node.js";
import { organizationFlows } from "./flows/organization.js";
import { passingFlows } from "./flows/passing-time.js";
import { programFlows } from "./flows/programs.js";
import { protocolFlows } from "./flows/protocol.js";
import { refusalFlows } from "./flows/refusals.js";
import { shutdownFlows } from "./flows/shutdown.js";
import { signInFlows } from "./flows/sign-in.js";
import type { Dialect } from "./site.js";
import { createWorld, type World } from "./world.js";

export function contractSuite(dialect: Dialect): void {
  let made: World | undefined;
  const world = (): World => {
    if (made === undefined) throw new Error("the site has not been started");
    return made;
  };
  beforeAll(async () => {
    made = await createWorld(dialect);
  });
  // For all limits an hour has passed since the test before.
  beforeEach(() => world().site.database.forgetLimits());

  describe("signing in", () => signInFlows(world));
  describe("activation", () => activationFlows(world));
  describe("an organization", () => organizationFlows(world));
  describe("a bound node", () => nodeFlows(world));
  describe("replicas", () => protocolFlows(world));
  describe("refusals", () => refusalFlows(world));
  describe("a site of its own", () => passingFlows(world, dialect));
  describe("the programs", () => programFlows(world));

  test("nothing that the document declares was left out", () => {
    expect(world().site.contract.missing()).toEqual([]);
  });

  if (dialect === "postgres") describe("a replica that stops", () => shutdownFlows(world));
}
