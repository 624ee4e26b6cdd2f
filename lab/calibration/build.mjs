// Bundles both ends, as the sample does before it deploys them, each into a folder with the runtime interface client that
// AWS's managed runtime would have: what `function.toml` runs.

import { cp, rm } from "node:fs/promises";
import { build } from "esbuild";

const CLIENT = "node_modules/aws-lambda-ric";

for (const end of ["before", "after"]) {
    const folder = `${end}/function`;
    await rm(folder, { recursive: true, force: true });
    await build({
        entryPoints: [`${end}/src/index.mjs`],
        outfile: `${folder}/index.mjs`,
        bundle: true,
        minify: true,
        platform: "node",
        target: "node20",
        format: "esm",
        // Optional parts of `pg`, which nobody installs here.
        external: ["pg-native", "pg-cloudflare"],
        banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
        // Sequelize finds the classes of its errors by their names.
        keepNames: true,
        logLevel: "warning",
    });
    // The client without the sources that it was compiled from.
    for (const part of ["bin", "dist", "package.json"]) {
        await cp(`${CLIENT}/${part}`, `${folder}/${CLIENT}/${part}`, { recursive: true });
    }
}
