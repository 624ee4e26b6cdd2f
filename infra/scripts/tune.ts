// `npm run tune -- STEP... [-c owner=NAME]`: AWS Lambda Power Tuning of a deployed step, with an event that it understands.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { getEvent } from '../lib/event.ts';
import { stepStackName } from '../lib/names.ts';
import { powerValues } from '../lib/power-tuning.ts';
import { loadWorkspace, repository, select, type Step } from '../lib/workspace.ts';
import { aws, AwsError, pause } from './aws.ts';
import { Failure, parse, run } from './command-line.ts';
import { find } from './outputs.ts';

const usage = 'npm run tune -- STEP... [-c owner=NAME]';

/** Invocations for each memory size. */
const invocations = 50;

/** Seconds between two looks. */
const poll = Number(process.env['POLL'] ?? 5);

await run(async () => {
    const { names, settings } = parse(usage);
    const machine = await stateMachine();
    for (const step of select(loadWorkspace(), names)) {
        const sizes = await tune(machine, step, find(step, settings.owner).FunctionName);
        const folder = join(process.env['TUNING'] ?? join(repository, 'infra/tuning'));
        mkdirSync(folder, { recursive: true });
        const file = join(folder, `${step.name}.json`);
        writeFileSync(file, `${JSON.stringify({ step: step.name, architecture: step.architecture, invocations, sizes }, null, 4)}\n`);
        console.log(`${step.name}, ${step.architecture}, ${invocations} warm invocations each:`);
        for (const { memory, milliseconds, usd } of sizes) {
            const million = (usd * 1e6).toFixed(2);
            console.log(`${String(memory).padStart(6)} MB ${milliseconds.toFixed(2).padStart(10)} ms ${million.padStart(8)} USD a million`);
        }
        console.log(`Kept in ${file}. Beside the lab's: cargo lab tune ${step.name}`);
    }
});

/** One memory size. */
interface Size {
    readonly memory: number;
    /** Duration, the mean that Power Tuning computes. */
    readonly milliseconds: number;
    /** One invocation, Lambda's time alone. */
    readonly usd: number;
}

/** The state machine of the stack PowerTuning. */
async function stateMachine(): Promise<string> {
    const name = stepStackName('PowerTuning');
    const missing = new Failure(`The stack ${name} is not there: npm run deploy -- 05 -c power-tuning=true`);
    try {
        const answer = await aws<{ Stacks: { Outputs?: { OutputKey: string; OutputValue: string }[] }[] }>(
            ...['cloudformation', 'describe-stacks', '--stack-name', name],
        );
        const output = answer.Stacks[0]?.Outputs?.find((it) => it.OutputKey === 'StateMachine');
        if (output) return output.OutputValue;
    } catch (error) {
        if (!(error instanceof AwsError && error.said.includes('does not exist'))) throw error;
    }
    throw missing;
}

async function tune(machine: string, step: Step, functionName: string): Promise<Size[]> {
    const { FunctionArn } = await aws<{ FunctionArn: string }>(
        ...['lambda', 'get-function-configuration', '--function-name', functionName],
    );
    // One after the other: a new account runs ten environments at a time.
    const input = { lambdaARN: FunctionArn, powerValues, num: invocations, payload: getEvent, parallelInvocation: false, strategy: 'balanced' };
    const { executionArn } = await aws<{ executionArn: string }>(
        ...['stepfunctions', 'start-execution', '--state-machine-arn', machine, '--input', JSON.stringify(input)],
    );
    for (;;) {
        await pause(poll);
        const now = await aws<{ status: string; output?: string; error?: string; cause?: string }>(
            ...['stepfunctions', 'describe-execution', '--execution-arn', executionArn],
        );
        if (now.status === 'SUCCEEDED') return sizes(now.output ?? '');
        if (now.status !== 'RUNNING') {
            throw new Failure(`${step.name}: Power Tuning ended with ${now.status}: ${now.error ?? ''} ${now.cause ?? ''}`.trim());
        }
    }
}

/**
 * All sizes. The answer itself has the best one alone; the address of its picture has all of them, as three lists in base64:
 * MB as 16-bit integers, milliseconds and USD as 32-bit floats, little-endian
 * (github.com/alexcasalboni/aws-lambda-power-tuning-ui, README).
 */
function sizes(output: string): Size[] {
    const { stateMachine } = JSON.parse(output) as { stateMachine: { visualization: string } };
    const [memory, milliseconds, usd] = (stateMachine.visualization.split('#')[1] ?? '')
        .split(';')
        .map((it) => Buffer.from(decodeURIComponent(it), 'base64'));
    if (!memory || !milliseconds || !usd || milliseconds.length !== memory.length * 2 || usd.length !== milliseconds.length) {
        throw new Failure(`Power Tuning's picture has another form than expected: ${stateMachine.visualization}`);
    }
    return Array.from({ length: memory.length / 2 }, (_, index) => ({
        memory: memory.readInt16LE(index * 2),
        milliseconds: milliseconds.readFloatLE(index * 4),
        usd: usd.readFloatLE(index * 4),
    }));
}
