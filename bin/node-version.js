// The oldest Node.js this runs on, checked before anything is loaded that needs it.

const oldest = [22, 19];

/** Ends the process with a sentence instead of a stack trace on an older version. */
export function assertNodeVersion() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return;
  process.stderr.write(
    `jitnode needs Node.js ${oldest.join(".")} or newer; this is ${process.versions.node}.\n` +
      "Install a newer one from https://nodejs.org, or use the container image.\n",
  );
  process.exit(1);
}
