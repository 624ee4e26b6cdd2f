// What `cargo lambda build` left for a crate, and what is wrong with it.

import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

import { type Architecture, type Crate, repository, type Workspace } from './workspace.ts';

export interface Bootstrap {
    /** The folder whose `bootstrap` becomes the function's zip, or a zip that holds it. */
    readonly path: string;
    /** Why this cannot be deployed, and the command that helps. */
    readonly problem?: string;
}

/** Deployed by nobody: it keeps templates complete while a function is not built. */
export const placeholder = join(repository, 'infra/placeholder');

export function bootstrap(workspace: Workspace, crate: Crate): Bootstrap {
    const folder = join(workspace.target, 'lambda', crate.name);
    const file = join(folder, 'bootstrap');
    const build = buildCommand(crate).join(' ');
    const zip = zipFile(workspace, crate);
    if (!existsSync(file) && existsSync(zip)) return { path: zip };
    if (!existsSync(file)) {
        return { path: placeholder, problem: `${crate.name} is not built: run \`${build}\` in ${workspace.root}` };
    }
    const found = architectureOf(file);
    if (found !== crate.architecture) {
        const problem = `${file} is for ${found}, the manifest says ${crate.architecture}: run \`${build}\``;
        return { path: placeholder, problem };
    }
    return { path: folder };
}

/** Where `npm run zips` puts the package of a crate, and where that of a release is looked for. */
export function zipFile(workspace: Workspace, crate: Crate): string {
    return join(workspace.target, 'zips', `${crate.name}-${crate.architecture}.zip`);
}

/** One package at a time: `--bin` would unite the features of the whole workspace. */
export function buildCommand(crate: Crate): string[] {
    const architecture = crate.architecture === 'arm64' ? '--arm64' : '--x86-64';
    const profile = crate.profile === 'release' ? ['--release'] : ['--profile', crate.profile];
    return ['cargo', 'lambda', 'build', ...profile, architecture, '-p', crate.package];
}

/** From the ELF header: `e_machine` is a little-endian half-word at offset 18. */
function architectureOf(file: string): Architecture | 'no Linux machine' {
    const header = Buffer.alloc(20);
    const handle = openSync(file, 'r');
    try {
        readSync(handle, header, 0, header.length, 0);
    } finally {
        closeSync(handle);
    }
    const machines: Record<number, Architecture> = { 0x3e: 'x86_64', 0xb7: 'arm64' };
    const elf = header.subarray(0, 4).toString('latin1') === '\x7fELF';
    return (elf ? machines[header.readUInt16LE(18)] : undefined) ?? 'no Linux machine';
}
