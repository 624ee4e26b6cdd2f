// What `npm run deploy` and `npm run destroy` share: arguments, questions, other programs.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';

import { fromOptions, type Settings } from '../lib/settings.ts';
import { repository } from '../lib/workspace.ts';

export interface Arguments {
    /** Steps, or `all`. */
    readonly names: readonly string[];
    /** `-c KEY=VALUE` each, for CDK. */
    readonly context: readonly string[];
    /** What they mean. */
    readonly settings: Settings;
    /** `--yes`: ask nothing. */
    readonly yes: boolean;
    /** `--prebuilt`: deploy what is in target/lambda/. */
    readonly prebuilt: boolean;
    /** `--everyone`: of all owners. */
    readonly everyone: boolean;
    /** `--step STEP`: what a room gets. */
    readonly step: readonly string[];
    /** `--skip CHECK,...`: what the smoke test leaves out. */
    readonly skip: string;
}

/** Something that the person at the terminal can put right: no stack trace. */
export class Failure extends Error {}

/** Reads the arguments; `otherwise` are the names where none is given. */
export function parse(usage: string, otherwise: readonly string[] = []): Arguments {
    try {
        const { positionals, values } = parseArgs({
            allowPositionals: true,
            options: {
                context: { type: 'string', short: 'c', multiple: true, default: [] },
                yes: { type: 'boolean', short: 'y', default: false },
                prebuilt: { type: 'boolean', default: false },
                everyone: { type: 'boolean', default: false },
                step: { type: 'string', multiple: true, default: [] },
                skip: { type: 'string', default: '' },
            },
        });
        const settings = fromOptions(values.context);
        const names = positionals.length > 0 ? positionals : otherwise;
        if (names.length > 0) return { names, settings, ...values };
    } catch (error) {
        throw new Failure(`${(error as Error).message}\nusage: ${usage}`);
    }
    throw new Failure(`usage: ${usage}`);
}

/** Runs `main`; a failure ends the process with its message alone. */
export async function run(main: () => Promise<void>): Promise<void> {
    try {
        await main();
    } catch (error) {
        console.error(error instanceof Error && !(error instanceof TypeError) ? error.message : error);
        process.exitCode = 1;
    }
}

/** Whether a program starts and ends well. */
export function works(program: string, ...rest: readonly string[]): boolean {
    return spawnSync(program, rest, { stdio: 'ignore' }).status === 0;
}

/** Runs a program that speaks to the person at the terminal. */
export function execute(command: readonly string[], cwd: string): void {
    console.log(`$ ${command.join(' ')}`);
    const [program = '', ...rest] = command;
    const { status, error } = spawnSync(program, rest, { cwd, stdio: 'inherit' });
    if (status !== 0) {
        throw new Failure(`${command.join(' ')}: ${error?.message ?? `ended with ${status}`}`);
    }
}

/** Runs the CDK CLI of this folder. */
export function cdk(command: readonly string[], context: readonly string[]): void {
    const folder = join(repository, 'infra');
    const program = join('node_modules', '.bin', 'cdk');
    execute([program, ...command, ...context.flatMap((it) => ['--context', it])], folder);
}

/** Stops unless the answer is yes. */
export async function confirm(question: string, yes: boolean): Promise<void> {
    if (yes) return;
    if (!process.stdin.isTTY) throw new Failure(`${question} There is no terminal to ask at: --yes answers`);
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    const answer = await terminal.question(`${question} [y/N] `);
    terminal.close();
    if (!/^y(es)?$/i.test(answer.trim())) throw new Failure('nothing was changed');
}
