// Owns which folder may import what. A new package or a new exception is a line here with its reason.
import { posix } from "node:path";
import type { Import, Source } from "./source.js";

/** Each imports only from itself and those before it. */
const shared = ["domain", "protocol", "platform", "config", "identity", "client", "directory", "apps"];

/** None imports another; each imports from `shared`, the command line only up to the clients. */
const programs: Readonly<Record<string, readonly string[]>> = {
  daemon: shared,
  control: shared,
  cli: shared.slice(0, shared.indexOf("client") + 1),
};

/** Compute only: no disk, network, process or clock. All others are reached through platform. */
const pureNodeModules = [
  "node:buffer",
  "node:crypto",
  "node:events",
  "node:path",
  "node:stream",
  "node:url",
  "node:util",
];

/** Functions of other Node modules that only compute. */
const pureFunctions: Readonly<Record<string, readonly string[]>> = {
  "node:net": ["isIP", "isIPv4", "isIPv6"],
};

type Allowance = { readonly folders: readonly string[]; readonly why: string };

/** Node modules outside platform. */
const nodeModuleExceptions: Readonly<Record<string, Allowance>> = {
  "node:fs": { folders: ["src/config/secret-file.ts"], why: "a …_FILE setting is read where settings become values" },
};

/** Every package the programs use, and where. */
const packages: Readonly<Record<string, Allowance>> = {
  "better-sqlite3": {
    folders: ["src/control/store/", "src/daemon/state/", "src/platform/process-lock.ts"],
    why: "the two databases, and a lock that ends with its process",
  },
  pg: { folders: ["src/control/store/"], why: "the control plane's other database" },
  kysely: { folders: ["src/control/store/"], why: "queries stay in repositories" },
  fastify: {
    folders: [
      "src/control/http/",
      "src/control/oauth/",
      "src/control/sign-in/",
      "src/control/web/",
      "src/control/main.ts",
      "src/control/context.ts",
    ],
    why: "services and store know no HTTP",
  },
  "@fastify/cookie": { folders: ["src/control/http/", "src/control/web/", "src/control/main.ts"], why: "as fastify" },
  "@fastify/formbody": { folders: ["src/control/http/", "src/control/web/", "src/control/main.ts"], why: "as fastify" },
  jose: { folders: ["src/identity/", "src/control/"], why: "tokens are made and checked there" },
  "openid-client": { folders: ["src/control/sign-in/oidc/"], why: "one way to sign in by OpenID Connect" },
  pino: { folders: ["src/platform/"], why: "one log" },
  undici: { folders: ["src/platform/"], why: "one HTTP client" },
  typebox: { folders: ["src/"], why: "shapes; no input or output (domain has none all the same)" },
  commander: { folders: ["src/cli/", "src/control/main.ts"], why: "arguments" },
  inquirer: { folders: ["src/cli/prompts/"], why: "questions" },
  chalk: { folders: ["src/cli/"], why: "terminal" },
  ora: { folders: ["src/cli/"], why: "terminal" },
  uqr: { folders: ["src/platform/qr.ts"], why: "QR codes of links" },
  conf: { folders: ["src/cli/"], why: "preferences" },
};

const environmentFolders = ["src/config/", "src/platform/"];

function isUnder(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => (folder.endsWith("/") ? path.startsWith(folder) : path === folder));
}

function packageOf(from: string): string {
  return from
    .split("/")
    .slice(0, from.startsWith("@") ? 2 : 1)
    .join("/");
}

/** The folder of src a path lies in; undefined outside src and directly in it. */
function folderOf(path: string): string | undefined {
  const [top, folder, ...rest] = path.split("/");
  return top === "src" && rest.length > 0 ? folder : undefined;
}

function wrongRelative(path: string, from: string): string | undefined {
  const target = posix.join(posix.dirname(path), from);
  if (path.startsWith("test/")) {
    return path.startsWith("test/emulators/") && target.startsWith("src/")
      ? "emulators import nothing from src"
      : undefined;
  }
  const own = folderOf(path) ?? "";
  const other = folderOf(target);
  if (other === undefined) return `${target} lies outside the folders of src`;
  if (own === other) return undefined;
  const allowed = programs[own] ?? shared.slice(0, Math.max(0, shared.indexOf(own)));
  return allowed.includes(other) ? undefined : `${own} must not import ${other}`;
}

function wrongNodeModule(path: string, from: string, names: Import["names"]): string | undefined {
  const own = folderOf(path);
  if (own === "domain") return from === "node:crypto" ? undefined : `domain must not import ${from}`;
  if (own === "platform" || pureNodeModules.includes(from)) return undefined;
  if (names?.every((name) => pureFunctions[from]?.includes(name)) === true) return undefined;
  if (isUnder(path, nodeModuleExceptions[from]?.folders ?? [])) return undefined;
  return `${from} is reached through src/platform`;
}

function wrongPackage(path: string, from: string): string | undefined {
  const name = packageOf(from);
  if (folderOf(path) === "domain") return `domain must not import ${name}`;
  const allowance = packages[name];
  if (allowance === undefined) return `${name} is in no list of packages (test/arch/rules.ts)`;
  return isUnder(path, allowance.folders) ? undefined : `${name} belongs to ${allowance.folders.join(", ")}`;
}

function wrongImport(path: string, { from, names }: Import): string | undefined {
  // Nobody can check a computed path; a command that is loaded when called is written as `() => import("./it.js")`.
  if (from === undefined) return path.startsWith("src/") ? "an import of a computed path" : undefined;
  if (from.startsWith(".")) return wrongRelative(path, from);
  if (!path.startsWith("src/")) return undefined;
  if (from.startsWith("node:")) return wrongNodeModule(path, from, names);
  return wrongPackage(path, from);
}

/** What is wrong with a source file, as `path:line: reason`. */
export function violations({ path, imports, environment, state }: Source): readonly string[] {
  const found: string[] = [];
  const inSource = path.startsWith("src/");
  if (inSource && ![...shared, ...Object.keys(programs)].includes(folderOf(path) ?? "")) {
    found.push(`${path}: lies in none of the folders of src`);
  }
  if (
    posix
      .dirname(path)
      .split("/")
      .some((part) => part === "utils" || part === "lib")
  ) {
    found.push(`${path}: no utils, no lib: name the folder after what it owns`);
  }
  for (const entry of imports) {
    const reason = wrongImport(path, entry);
    if (reason !== undefined) found.push(`${path}:${entry.line}: ${reason}`);
  }
  if (!inSource) return found;
  if (!isUnder(path, environmentFolders)) {
    for (const line of environment) found.push(`${path}:${line}: the environment is read in src/config`);
  }
  for (const [line, what] of state) found.push(`${path}:${line}: module-level state: ${what}`);
  return found;
}
