// `npm run room -- names.txt --step STEP [-c hours=4] [--yes]`: the steps for every name in the file, from packages that are built
// or downloaded already, and what each person needs: a URL, a policy, a file for the lab.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { attendeePolicyName } from '../lib/room.ts';
import { stepStackName } from '../lib/names.ts';
import { ownerName } from '../lib/settings.ts';
import { repository } from '../lib/workspace.ts';
import { Failure, parse, run } from './command-line.ts';
import { deploy } from './deployment.ts';
import { line } from './finding.ts';
import { type Outputs, writeOutputs } from './outputs.ts';
import { smokeTest } from './smoke-test.ts';
import { subjectOf } from './subject.ts';

const usage = 'npm run room -- NAMES.txt --step STEP [--step STEP] [-c hours=4] [-c rate=N] [--yes] [--skip CHECK,...]';

/** Where the file for each name goes. */
const folder = process.env['ROOM'] ?? join(repository, 'infra/room');

await run(async () => {
    const given = parse(usage);
    const [file, ...more] = given.names;
    if (file === undefined || more.length > 0 || given.step.length === 0) throw new Failure(`usage: ${usage}`);
    const owners = read(file);
    const found = await subjectOf({ ...given, names: given.step, prebuilt: true });
    const subject = { ...found, settings: { ...found.settings, attendees: owners.length } };
    const { steps } = subject;
    const ids = owners.flatMap((owner) => steps.map((step) => `${owner}-${step.id}`));
    const names = owners.flatMap((owner) => steps.map((step) => stepStackName(step.id, owner)));
    const context = [...given.context, `room=${owners.join(',')}`, `steps=${steps.map((it) => it.id).join(',')}`];
    const outputs = await deploy({ subject, context, ids: ['Room', ...ids], names: [...names, stepStackName('Room')], yes: given.yes });

    // They are alike: where one works, the account, the network and the packages do.
    const [first] = steps;
    const deployed = first && outputs[stepStackName(first.id, owners[0])];
    if (first && deployed) {
        const findings = await smokeTest(first, deployed, given.skip.split(','));
        for (const finding of findings) console.log(line(finding));
        if (findings.some((it) => it.state === 'stop')) throw new Failure('\nThe smoke test of the first name failed; all are deployed.');
    }
    tell(owners, outputs);
});

/** A name a line; empty lines and those that begin with # say nothing. */
function read(file: string): string[] {
    const lines = readFileSync(file, 'utf8').split('\n');
    const names = lines.map((it) => it.trim()).filter((it) => it !== '' && !it.startsWith('#'));
    for (const name of names) ownerName(name);
    const twice = names.find((it, index) => names.indexOf(it) !== index);
    if (names.length === 0 || twice !== undefined) throw new Failure(`${file}: ${twice ? `${twice} is there twice` : 'no name is in it'}`);
    return names;
}

function tell(owners: readonly string[], outputs: Outputs): void {
    for (const owner of owners) {
        const theirs = Object.fromEntries(Object.entries(outputs).filter(([name]) => name.startsWith(stepStackName('', owner))));
        writeOutputs(theirs, join(folder, `${owner}.json`));
        for (const { Step, Url } of Object.values(theirs)) console.log(`${owner.padEnd(20)} ${Step.padEnd(28)} ${Url}`);
    }
    console.log(
        `\nFor the lab, each has a file in ${folder}: cargo lab aws run --outputs NAME.json\n` +
            'Who shall deploy and measure alone gets an IAM user or role with this policy, and nothing else:\n' +
            `aws iam attach-user-policy --user-name NAME --policy-arn arn:aws:iam::ACCOUNT:policy/${attendeePolicyName('NAME')}\n` +
            'and deploys with: npm run deploy -- STEP -c owner=NAME -c attendee=true\n' +
            'At the end: npm run destroy -- --everyone',
    );
}
