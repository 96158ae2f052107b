// The one table of settings: variable, type, default, of which program, secret or not. The reference page is made
// from it, so each text here is what a reader of the documentation sees.

export type Program = "cli" | "daemon" | "control";

export interface Setting {
  readonly variable: string;
  readonly programs: readonly Program[];
  readonly kind: "text" | "url" | "boolean" | "seconds" | "address" | "path" | "list" | "choice";
  readonly choices?: readonly string[];
  /** Seconds: the least that is accepted, and the least where the public URL is loopback. */
  readonly least?: { readonly usual: number; readonly loopback: number };
  /** As the documentation says it; the value itself is applied where the setting is loaded. */
  readonly fallback: string;
  readonly secret?: true;
  readonly text: string;
}

const levels = ["trace", "debug", "info", "warn", "error", "silent"] as const;
const short = (usual: number) => ({ usual, loopback: 1 });

export const settings = {
  server: {
    variable: "JITNODE_SERVER",
    programs: ["cli", "daemon"],
    kind: "url",
    fallback: "none",
    text: "The control plane's URL.",
  },
  serverCaFile: {
    variable: "JITNODE_SERVER_CA_FILE",
    programs: ["cli", "daemon"],
    kind: "path",
    fallback: "the system's authorities",
    text: "Certificate authorities (PEM) trusted beside the system's for the control plane.",
  },
  allowHttp: {
    variable: "JITNODE_ALLOW_HTTP",
    programs: ["cli", "daemon"],
    kind: "boolean",
    fallback: "off",
    text: "Accept http:// for hosts other than loopback.",
  },
  socket: {
    variable: "JITNODE_SOCKET",
    programs: ["cli", "daemon"],
    kind: "path",
    fallback: "/run/jitnode/jitnoded.sock, or $XDG_RUNTIME_DIR/jitnode/jitnoded.sock",
    text: "The daemon's Unix socket.",
  },
  stateDir: {
    variable: "JITNODE_STATE_DIR",
    programs: ["cli", "daemon"],
    kind: "path",
    fallback: "/var/lib/jitnode, or $XDG_STATE_HOME/jitnode",
    text: "The daemon's state directory: identity and binding.",
  },
  name: {
    variable: "JITNODE_NAME",
    programs: ["daemon"],
    kind: "text",
    fallback: "the host name",
    text: "The name under which the node asks to be activated.",
  },
  org: {
    variable: "JITNODE_ORG",
    programs: ["cli", "daemon"],
    kind: "text",
    fallback: "none",
    text: "Daemon: the only organization this node accepts. CLI: the organization that org commands mean; for activate a constraint.",
  },
  bindingCodeFile: {
    variable: "JITNODE_BINDING_CODE_FILE",
    programs: ["cli"],
    kind: "path",
    fallback: "none",
    text: "A file that holds a binding code, for jitnode activate.",
  },
  configDir: {
    variable: "JITNODE_CONFIG_DIR",
    programs: ["cli"],
    kind: "path",
    fallback: "$XDG_CONFIG_HOME/jitnode",
    text: "Sessions and preferences of the command line.",
  },
  logLevel: {
    variable: "JITNODE_LOG_LEVEL",
    programs: ["cli", "daemon", "control"],
    kind: "choice",
    choices: levels,
    fallback: "info",
    text: "The least severe level that is logged.",
  },
  logFormat: {
    variable: "JITNODE_LOG_FORMAT",
    programs: ["cli", "daemon", "control"],
    kind: "choice",
    choices: ["text", "json"],
    fallback: "text on a terminal, else json",
    text: "The form of log lines on stderr.",
  },
  listen: {
    variable: "JITNODE_CONTROL_LISTEN",
    programs: ["control"],
    kind: "address",
    fallback: "127.0.0.1:7070",
    text: "Where the control plane listens.",
  },
  metricsListen: {
    variable: "JITNODE_CONTROL_METRICS_LISTEN",
    programs: ["control"],
    kind: "address",
    fallback: "127.0.0.1:7071",
    text: "Where metrics and the detail of readiness are served.",
  },
  publicUrl: {
    variable: "JITNODE_CONTROL_PUBLIC_URL",
    programs: ["control"],
    kind: "url",
    fallback: "http:// (https:// with a certificate) and the listen address if that is loopback",
    text: "The URL under which people and nodes reach the control plane: its issuer.",
  },
  tlsCertFile: {
    variable: "JITNODE_CONTROL_TLS_CERT_FILE",
    programs: ["control"],
    kind: "path",
    fallback: "none",
    text: "Certificate chain (PEM), when the control plane itself speaks TLS.",
  },
  tlsKeyFile: {
    variable: "JITNODE_CONTROL_TLS_KEY_FILE",
    programs: ["control"],
    kind: "path",
    fallback: "none",
    text: "Private key (PEM) of that certificate.",
  },
  trustedProxies: {
    variable: "JITNODE_CONTROL_TRUSTED_PROXIES",
    programs: ["control"],
    kind: "list",
    fallback: "none",
    text: "Addresses or CIDR ranges, separated by commas, whose X-Forwarded-For is believed.",
  },
  dataDir: {
    variable: "JITNODE_CONTROL_DATA_DIR",
    programs: ["control"],
    kind: "path",
    fallback: "/var/lib/jitnode-control, or $XDG_STATE_HOME/jitnode-control",
    text: "The control plane's data: SQLite database and key file.",
  },
  databaseUrl: {
    variable: "JITNODE_CONTROL_DATABASE_URL",
    programs: ["control"],
    kind: "text",
    fallback: "control.db in the data directory",
    secret: true,
    text: "postgres://… for PostgreSQL.",
  },
  keyFile: {
    variable: "JITNODE_CONTROL_KEY_FILE",
    programs: ["control"],
    kind: "path",
    fallback: "control.key in the data directory with SQLite; required with PostgreSQL",
    text: "The file of the master key from which all keys at rest are derived.",
  },
  agreementFile: {
    variable: "JITNODE_CONTROL_AGREEMENT_FILE",
    programs: ["control"],
    kind: "path",
    fallback: "a short text that ships",
    text: "The agreement (Markdown) that the creator of an organization accepts.",
  },
  signup: {
    variable: "JITNODE_CONTROL_SIGNUP",
    programs: ["control"],
    kind: "choice",
    choices: ["invited", "code", "open"],
    fallback: "code",
    text: "Who may open an account: by invitation only, also with a binding code, or anybody.",
  },
  orgCreation: {
    variable: "JITNODE_CONTROL_ORG_CREATION",
    programs: ["control"],
    kind: "choice",
    choices: ["trusted", "all"],
    fallback: "trusted",
    text: "Who may create organizations: accounts by set-up link, invitation or open sign-up, or all.",
  },
  deviceCodeTtl: {
    variable: "JITNODE_CONTROL_DEVICE_CODE_TTL",
    programs: ["control"],
    kind: "seconds",
    least: short(60),
    fallback: "600",
    text: "How long device and user codes live, in seconds.",
  },
  deviceInterval: {
    variable: "JITNODE_CONTROL_DEVICE_INTERVAL",
    programs: ["control"],
    kind: "seconds",
    least: short(5),
    fallback: "5",
    text: "The least time between two polls, in seconds.",
  },
  accessTokenTtl: {
    variable: "JITNODE_CONTROL_ACCESS_TOKEN_TTL",
    programs: ["control"],
    kind: "seconds",
    least: short(300),
    fallback: "600",
    text: "How long access tokens live, in seconds.",
  },
  retryWindow: {
    variable: "JITNODE_CONTROL_RETRY_WINDOW",
    programs: ["control"],
    kind: "seconds",
    least: short(30),
    fallback: "60",
    text: "How long a lost token answer can be asked for again, in seconds.",
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;
