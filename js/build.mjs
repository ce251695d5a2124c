// Builds the widgets' front end into the Python package. The same sources give the same bytes.
// The bundle begins with a hash of its sources, so that a test can tell whether it is up to date without Node.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

import { build } from "esbuild";

const hash = createHash("sha256");
for (const name of readdirSync("src").sort()) hash.update(`${name}\n${readFileSync(`src/${name}`, "utf8")}\n`);
const banner = `/* sources ${hash.digest("hex").slice(0, 16)} */`;

const shared = {
  bundle: true,
  minify: true,
  charset: "ascii",
  legalComments: "none",
  target: "es2021",
  outdir: "../src/wfnb/ui/static",
  logLevel: "info",
};

await build({ ...shared, format: "esm", entryPoints: ["src/loader.ts"] });
await build({ ...shared, format: "esm", entryPoints: ["src/debugger.ts"], banner: { js: banner } });
await build({ ...shared, entryPoints: ["src/debugger.css"] });
