// Owns a control plane as the program it is, with its people and their nodes (real daemons), for tests in a browser.
import BetterSqlite3 from "better-sqlite3";
import { join } from "node:path";
import type { Status } from "../../../src/protocol/local.js";
import { ask, reach } from "../../integration/daemon/daemon-client.js";
import { onEnd } from "../../support/cleanup.js";
import { runControl, startControl, startDaemon } from "../../support/programs.js";
import type { Control, ControlOptions, Daemon } from "../../support/programs.js";
import type { Visitor } from "./visitor.js";

export type AskingNode = Daemon & {
  readonly code: string;
  readonly number: string;
  /** With the code in it. */
  readonly link: string;
  /** Bound and connected to that organization. */
  readonly belongsTo: (org: string) => Promise<Status>;
};

export type BrowserSite = {
  readonly control: Control;
  readonly url: string;
  /** A node that asks to be activated. */
  readonly node: (name: string) => Promise<AskingNode>;
  /** Makes an account through a link, in that browser, which is signed in after that. The first one is set up. */
  readonly settle: (visitor: Visitor, login: string, name?: string) => Promise<void>;
  /** All requests are over ten minutes old at once: the only thing here that no door leads to. */
  readonly expireRequests: () => void;
};

export const password = "correct horse battery staple";

/** Ends with the test file. */
export async function startBrowserSite(options: ControlOptions = {}): Promise<BrowserSite> {
  const control = await startControl({ deviceInterval: "1", scope: "file", ...options });
  let first = true;
  return {
    control,
    url: control.url,

    async node(name) {
      const daemon = await startDaemon({ server: control.url, nodeName: name });
      const { activation } = await reach(daemon, ({ activation: made }) => made?.state === "pending");
      if (activation?.number === undefined) throw new Error("a request of our own has a number");
      return {
        ...daemon,
        code: activation.user_code,
        number: activation.number,
        link: activation.verification_uri_complete ?? "",
        async belongsTo(org) {
          // Asks now, not at the end of its interval.
          await ask(daemon.socket, "POST", "/v1/activation/check");
          return await reach(daemon, ({ state, connection, binding }) => {
            return state === "bound" && connection === "connected" && binding?.organization.id === org;
          });
        },
      };
    },

    async settle(visitor, login, name = login) {
      const link = await runControl([first ? "setup-link" : "invite"], { env: control.env });
      first = false;
      await visitor.go(link.stdout.trim());
      await visitor.fill("Sign-in name", login);
      await visitor.fill("Your name", name);
      await visitor.fill("Password", password);
      await visitor.press("Create account");
    },

    expireRequests() {
      const database = new BetterSqlite3(join(control.dataDir, "control.db"));
      onEnd(() => void database.close());
      database.prepare("update device_requests set expires_at = ? where state = 'pending'").run(Date.now() - 1);
    },
  };
}

/** From the code to the page that shows what asks. */
export async function enter(visitor: Visitor, node: Pick<AskingNode, "link">): Promise<void> {
  await visitor.go(node.link);
  await visitor.press("Continue");
}
