// Filling the database: one invocation of the function in the stack Populate.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { stepStackName } from '../lib/names.ts';
import { aws } from './aws.ts';
import { Failure } from './command-line.ts';

/** Seconds to wait for its answer: longer than its timeout in data/populate. */
const timeout = 120;

/** Fills the database, or leaves it as it is where it is right; returns the rows. What was deployed stays when it fails. */
export async function populate(): Promise<number> {
    const name = stepStackName('Populate');
    const folder = mkdtempSync(join(tmpdir(), 'populate-'));
    const [event, answer] = [join(folder, 'event.json'), join(folder, 'answer.json')];
    writeFileSync(event, '{}');
    try {
        const { FunctionError } = await aws<{ FunctionError?: string }>(
            ...['lambda', 'invoke', '--function-name', name, '--cli-read-timeout', String(timeout)],
            ...['--payload', `fileb://${event}`, answer],
        );
        const said = JSON.parse(readFileSync(answer, 'utf8')) as { rows?: number; errorMessage?: string };
        if (FunctionError === undefined && said.rows !== undefined) return said.rows;
        throw new Failure(
            `The database could not be filled: ${said.errorMessage ?? JSON.stringify(said)}\n` +
                'Everything is deployed and stays. Deploying again tries again; -c debug=true has RDS Proxy and the database say more. ' +
                `The log:\naws logs tail /aws/lambda/${name}`,
        );
    } finally {
        rmSync(folder, { recursive: true });
    }
}
