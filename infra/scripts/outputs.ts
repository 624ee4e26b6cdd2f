// infra/outputs.json: what is deployed, for the lab. README.md describes it.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { repository } from '../lib/workspace.ts';

/** By stack name: its outputs by their names. */
export type Outputs = Record<string, Record<string, string>>;

const file = join(repository, 'infra/outputs.json');

export function readOutputs(from = file): Outputs {
    return existsSync(from) ? (JSON.parse(readFileSync(from, 'utf8')) as Outputs) : {};
}

/** Adds what a deployment put out, without what is between stacks alone, and returns it. */
export function addOutputs(deployed: Outputs): Outputs {
    const steps = Object.fromEntries(Object.entries(deployed).filter(([, it]) => it['Step'] !== undefined));
    write({ ...readOutputs(), ...steps });
    return steps;
}

/** Keeps the stacks that still exist. */
export function keepOutputs(existing: readonly string[]): void {
    write(Object.fromEntries(Object.entries(readOutputs()).filter(([name]) => existing.includes(name))));
}

function write(outputs: Outputs): void {
    writeFileSync(file, `${JSON.stringify(outputs, null, 4)}\n`);
}
