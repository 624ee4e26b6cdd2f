// `npm run destroy -- STEP...|all [-c owner=NAME] [--everyone] [--yes]`. `all` with an owner: the owner's stacks; without:
// everything, the shared stacks last, unless somebody else has stacks; `--everyone`: theirs as well.

import { Prices, standingNote } from '../lib/prices.ts';
import { stepStackName } from '../lib/names.ts';
import { loadWorkspace, select } from '../lib/workspace.ts';
import { account, stacks } from './account.ts';
import { confirm, Failure, parse, run } from './command-line.ts';
import { keepOutputs } from './outputs.ts';
import { isShared, ownerOf, remove } from './stacks.ts';

const usage = 'npm run destroy -- STEP...|all [-c owner=NAME] [--yes], or: npm run destroy -- --everyone';

await run(async () => {
    const { names, settings, yes, everyone } = parse(usage, process.argv.includes('--everyone') ? ['all'] : []);
    const { owner } = settings;
    const number = await account();
    const existing = (await stacks()).map((it) => it.name);
    console.log(`AWS account ${number}. Its stacks of this workshop: ${existing.join(', ') || 'none'}.`);
    const wanted = names.includes('all') ? all(existing, owner, everyone) : named(existing, names, owner);
    if (wanted.length > 0) {
        await confirm(`Destroy ${wanted.join(', ')}?`, yes);
        await remove(wanted);
    }
    const left = (await stacks()).map((it) => it.name);
    keepOutputs(left);
    console.log(left.length > 0 ? `Stacks of this workshop that still exist: ${left.join(', ')}` : 'No stack is left.');
    const note = standingNote(new Prices(loadWorkspace().root), left);
    if (note !== undefined) console.log(note);
});

function all(existing: readonly string[], owner: string | undefined, everyone: boolean): string[] {
    if (everyone) return [...existing];
    if (owner !== undefined) return existing.filter((it) => ownerOf(it) === owner);
    const others = existing.filter((it) => ownerOf(it) !== undefined);
    if (others.length > 0) {
        throw new Failure(
            `These stacks belong to others and need the shared ones: ${others.join(', ')}.\nNothing was destroyed. Their owners ` +
                'run `npm run destroy -- all -c owner=NAME`, or you destroy everybody\'s: npm run destroy -- --everyone',
        );
    }
    return [...existing];
}

/** Those of `names` that exist; a step that is not in this workspace is called as its stack is: `Step99`. */
function named(existing: readonly string[], names: readonly string[], owner: string | undefined): string[] {
    const wanted = names.map((name) => {
        const direct = [name, stepStackName(name, owner)].find((it) => existing.includes(it));
        if (direct !== undefined && isShared(direct)) throw new Failure(`${direct} is shared: npm run destroy -- all`);
        return direct ?? stepStackName(select(loadWorkspace(), [name])[0]?.id ?? name, owner);
    });
    return wanted.filter((it) => existing.includes(it));
}
