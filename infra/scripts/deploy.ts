// `npm run deploy -- STEP... [-c KEY=VALUE]... [--yes] [--prebuilt]`: checks, price, build, deployment, rows, smoke test.

import { stepStackName } from '../lib/names.ts';
import { Failure, parse, run } from './command-line.ts';
import { deploy } from './deployment.ts';
import { line } from './finding.ts';
import { addOutputs } from './outputs.ts';
import { smokeTest } from './smoke-test.ts';
import { isShared, ownerOf } from './stacks.ts';
import { subjectOf } from './subject.ts';

const usage =
    'npm run deploy -- STEP... [-c owner=NAME] [-c hours=4] [-c rate=200] [-c debug=true] [-c budget=USD -c email=ADDRESS] ' +
    '[-c power-tuning=true] [-c extension-arn=ARN] [-c attendees=N] [--yes] [--prebuilt] [--skip CHECK,...]';

await run(async () => {
    const given = parse(usage);
    const subject = await subjectOf(given);
    const { steps, settings } = subject;
    const { owner } = settings;
    const ids = [...steps.map((it) => it.id), ...(settings.budget ? ['Budget'] : []), ...(settings.powerTuning ? ['PowerTuning'] : [])];
    const earlier = subject.stacks.map((it) => it.name).filter((it) => ownerOf(it) === owner && !isShared(it));
    const names = [...earlier, ...steps.map((it) => stepStackName(it.id, owner))].filter((it) => !it.endsWith('-Expiry'));
    const outputs = await deploy({ subject, context: given.context, ids, names, yes: given.yes });
    addOutputs(outputs);

    let failed = false;
    for (const step of steps) {
        const deployed = outputs[stepStackName(step.id, owner)];
        if (deployed === undefined) continue;
        console.log(`\n${step.name}: ${deployed.Url}`);
        for (const finding of await smokeTest(step, deployed, given.skip.split(','))) {
            console.log(line(finding));
            failed ||= finding.state === 'stop';
        }
    }
    if (failed) throw new Failure('\nIt is deployed, and the smoke test failed. npm run smoke -- STEP asks again.');
});
