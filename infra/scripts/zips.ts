// `npm run zips [-- STEP...]`: builds deployment packages, each for its architecture, into target/zips/, and prints their sizes.

import { copyFileSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { buildCommand, zipFile } from '../lib/bootstrap.ts';
import { loadWorkspace, select } from '../lib/workspace.ts';
import { execute, run } from './command-line.ts';

await run(async () => {
    const workspace = loadWorkspace();
    const names = process.argv.slice(2);
    const crates = names.length > 0 ? select(workspace, names) : [...workspace.steps, workspace.populate];
    const folder = join(workspace.target, 'zips');
    mkdirSync(folder, { recursive: true });
    const lines: string[] = [];
    for (const crate of crates) {
        execute([...buildCommand(crate), '--output-format', 'zip'], workspace.root);
        const zip = zipFile(workspace, crate);
        copyFileSync(join(workspace.target, 'lambda', crate.name, 'bootstrap.zip'), zip);
        lines.push(`${statSync(zip).size.toString().padStart(10)} bytes  ${zip}`);
    }
    console.log(lines.join('\n'));
});
