// infra/outputs.json: what is deployed, for the lab. README.md describes it.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { stepStackName } from '../lib/names.ts';
import { repository, type Step } from '../lib/workspace.ts';
import { Failure } from './command-line.ts';

/** The outputs of a step's stack. */
export interface Deployed {
    readonly Step: string;
    readonly Url: string;
    readonly FunctionName: string;
    readonly Architecture: string;
    readonly Memory: string;
    readonly Region: string;
}

/** By stack name: its outputs by their names. */
export type Outputs = Record<string, Deployed>;

/** Another one for tests. */
const file = process.env['OUTPUTS'] ?? join(repository, 'infra/outputs.json');

export function readOutputs(from = file): Outputs {
    return existsSync(from) ? (JSON.parse(readFileSync(from, 'utf8')) as Outputs) : {};
}

/** The steps among what CDK put out, without what is between stacks alone. */
export function ofSteps(deployed: Outputs): Outputs {
    return Object.fromEntries(Object.entries(deployed).filter(([, it]) => it.Step !== undefined));
}

/** Adds what a deployment put out. */
export function addOutputs(steps: Outputs): void {
    writeOutputs({ ...readOutputs(), ...steps });
}

/** Keeps the stacks that still exist. */
export function keepOutputs(existing: readonly string[]): void {
    writeOutputs(Object.fromEntries(Object.entries(readOutputs()).filter(([name]) => existing.includes(name))));
}

export function writeOutputs(outputs: Outputs, to = file): void {
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, `${JSON.stringify(outputs, null, 4)}\n`);
}

/** Where a step is; fails where it is not deployed from here. */
export function find(step: Step, owner: string | undefined): Deployed {
    const outputs = readOutputs();
    const found = outputs[stepStackName(step.id, owner)];
    if (found !== undefined) return found;
    const known = Object.keys(outputs).join(', ') || 'nothing';
    throw new Failure(`${step.name} is not deployed from here, ${known} is: npm run deploy -- ${step.name}`);
}
