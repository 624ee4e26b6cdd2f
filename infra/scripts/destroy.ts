// `npm run destroy -- STEP...|all [-c owner=NAME] [--yes]`. `all` with an owner: the owner's steps; without: everything,
// the shared stacks last.

import { Prices, standingNote } from '../lib/prices.ts';
import { loadWorkspace, select } from '../lib/workspace.ts';
import { existingStacks, introduce } from './account.ts';
import { cdk, confirm, parse, run } from './command-line.ts';
import { keepOutputs } from './outputs.ts';

const usage = 'npm run destroy -- STEP...|all [-c owner=NAME] [--yes]';

await run(async () => {
    const { names, context, settings, yes } = parse(usage);
    const workspace = loadWorkspace();
    const everything = names.includes('all');
    const owned = settings.owner !== undefined;
    const steps = everything ? workspace.steps : select(workspace, names);
    const stacks = everything && !owned ? ['--all'] : steps.map((it) => it.id);
    introduce();
    await confirm(everything && !owned ? 'Destroy everything?' : `Destroy ${stacks.join(', ')}?`, yes);

    // Nothing has to be built to be destroyed, and the optional stacks exist in the app if they are asked for alone.
    const complete = ['placeholders=true', 'power-tuning=true', 'budget=1', 'email=nobody@example.com'];
    cdk(['destroy', ...stacks, '--force'], [...context, ...complete]);
    const left = existingStacks();
    keepOutputs(left);
    console.log(left.length > 0 ? `Stacks of this workshop that still exist: ${left.join(', ')}` : 'No stack is left.');
    const note = standingNote(new Prices(workspace.root), left);
    if (note !== undefined) console.log(note);
});
