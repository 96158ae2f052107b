// A program of its own (so: no imports of ours): unpacks the packaged browser into TMPDIR and prints where it is. It is
// apart because the package takes its folder, and which libraries it brings, from its process' environment.
import chromium from "@sparticuz/chromium";

chromium.setGraphicsMode = false;
process.stdout.write(await chromium.executablePath());
