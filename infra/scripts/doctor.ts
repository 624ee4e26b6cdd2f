// `npm run doctor [-- STEP...] [-c KEY=VALUE]...`: what would go wrong with a deployment, before anything of it costs.
// Without steps: with all of them.

import { loadWorkspace } from '../lib/workspace.ts';
import { examine } from './checks.ts';
import { Failure, parse, run } from './command-line.ts';
import { line } from './finding.ts';
import { subjectOf } from './subject.ts';

const usage = 'npm run doctor -- [STEP...] [-c attendees=N] [-c owner=NAME] [-c extension-arn=ARN] [--prebuilt]';

await run(async () => {
    const workspace = loadWorkspace();
    const given = parse(usage, workspace.steps.map((it) => it.name));
    const findings = await examine(await subjectOf(given, workspace));
    for (const finding of findings) console.log(line(finding));
    const stops = findings.filter((it) => it.state === 'stop').length;
    if (stops > 0) throw new Failure(`\n${stops} of these would stop the deployment.`);
    console.log('\nNothing of this stops a deployment.');
});
