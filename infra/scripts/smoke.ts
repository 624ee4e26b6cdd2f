// `npm run smoke -- STEP... [-c owner=NAME] [--skip CHECK,...]`: the smoke test of what is deployed.

import { loadWorkspace, select } from '../lib/workspace.ts';
import { Failure, parse, run } from './command-line.ts';
import { type Finding, line } from './finding.ts';
import { find } from './outputs.ts';
import { checkNames, smokeTest } from './smoke-test.ts';

const usage = `npm run smoke -- STEP... [-c owner=NAME] [--skip ${checkNames.join(',')}]`;

await run(async () => {
    const { names, settings, skip } = parse(usage);
    const steps = select(loadWorkspace(), names);
    const findings: Finding[] = [];
    for (const step of steps) {
        for (const finding of await smokeTest(step, find(step, settings.owner), skip.split(','))) {
            console.log(line(finding));
            findings.push(finding);
        }
    }
    if (findings.some((it) => it.state === 'stop')) throw new Failure('\nThe smoke test failed.');
});
