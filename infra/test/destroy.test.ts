// `npm run destroy` in an account that several people share, against the stand-in for the AWS CLI.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { remove, waves } from '../scripts/stacks.ts';
import { Account, type Answer, sharedThere, stacksAnswer } from './account.ts';

const ada = ['Stadiums-ada-Step05', 'CREATE_COMPLETE'] as const;
const mine = ['Stadiums-Step05', 'UPDATE_COMPLETE'] as const;
/** Of a crate that is on somebody else's machine. */
const unknown = ['Stadiums-ben-Step42', 'CREATE_COMPLETE'] as const;
const deletes: Answer = { when: 'cloudformation delete-stack', out: '' };

function deleted(account: Account): string[] {
    return account.calls().filter((it) => it.includes('delete-stack')).map((it) => it.split(' ')[3] ?? '');
}

test('all refuses while others have stacks, names them, and deletes nothing', async () => {
    const account = new Account(stacksAnswer(...sharedThere, mine, ada, unknown), deletes);
    const ended = await account.run('destroy', 'all', '--yes');
    assert.equal(ended.status, 1);
    assert.match(ended.stderr, /belong to others and need the shared ones: Stadiums-ada-Step05, Stadiums-ben-Step42.\nNothing was destroyed.*--everyone/s);
    assert.deepEqual(deleted(account), []);
});

test('everyone: all steps side by side, whosever and from whatever crate, then the shared stacks', async () => {
    const here = stacksAnswer(...sharedThere, mine, ada, unknown, ['Stadiums-Room', 'CREATE_COMPLETE']);
    const there = new Account({ ...here, once: true }, deletes, stacksAnswer());
    const ended = await there.run('destroy', '--everyone', '--yes');
    assert.equal(ended.status, 0, ended.stderr);
    assert.match(ended.stdout, /No stack is left/);
    const order = deleted(there);
    assert.deepEqual(order.slice(0, 4).sort(), ['Stadiums-Populate', 'Stadiums-Step05', 'Stadiums-ada-Step05', 'Stadiums-ben-Step42']);
    assert.deepEqual(order.slice(4, 7).sort(), ['Stadiums-Cache', 'Stadiums-Database', 'Stadiums-Room']);
    assert.deepEqual(order.slice(7), ['Stadiums-Network']);
});

test('all of an owner leaves everybody else alone', async () => {
    const account = new Account({ ...stacksAnswer(...sharedThere, mine, ada, unknown), once: true }, deletes, stacksAnswer(...sharedThere));
    const ended = await account.run('destroy', 'all', '-c', 'owner=ada', '--yes');
    assert.equal(ended.status, 0, ended.stderr);
    assert.deepEqual(deleted(account), ['Stadiums-ada-Step05']);
    assert.match(ended.stdout, /still exist: Stadiums-Network.*\nThey cost/s);
});

test('a step by its number, and one whose crate is not here by its id', async () => {
    const account = new Account({ ...stacksAnswer(mine, unknown), once: true }, deletes, stacksAnswer());
    const ended = await account.run('destroy', '05', '--yes');
    assert.equal(ended.status, 0, ended.stderr);
    assert.deepEqual(deleted(account), ['Stadiums-Step05']);
    const other = new Account({ ...stacksAnswer(mine, unknown), once: true }, deletes, stacksAnswer());
    await other.run('destroy', 'Step42', '-c', 'owner=ben', '--yes');
    assert.deepEqual(deleted(other), ['Stadiums-ben-Step42']);
});

test('what network interfaces hold is tried again, with the reason', async () => {
    const held: Answer = {
        when: 'cloudformation describe-stack-events --stack-name Stadiums-Network',
        out: { StackEvents: [{ LogicalResourceId: 'Functions', ResourceStatus: 'DELETE_FAILED', ResourceStatusReason: 'resource sg-1 has a dependent object' }] },
    };
    const failed = stacksAnswer(['Stadiums-Network', 'DELETE_FAILED']);
    const account = new Account({ ...failed, once: true }, { ...stacksAnswer(['Stadiums-Network', 'DELETE_IN_PROGRESS']), once: true }, deletes, held, stacksAnswer());
    account.enter();
    await remove(['Stadiums-Network'], { poll: 0, again: 0, attempts: 3 });
    assert.deepEqual(deleted(account), ['Stadiums-Network', 'Stadiums-Network']);

    const never = new Account(failed, deletes, held);
    never.enter();
    await assert.rejects(
        remove(['Stadiums-Network'], { poll: 0, again: 0, attempts: 2 }),
        /Not deleted, after 2 attempts:\nStadiums-Network: Functions: resource sg-1 has a dependent object/,
    );
});

test('Network goes last, and Room after what its roles delete', () => {
    const names = ['Stadiums-Network', 'Stadiums-Room', 'Stadiums-ada-Step05', 'Stadiums-Cache'];
    assert.deepEqual(waves(names), [['Stadiums-ada-Step05'], ['Stadiums-Cache', 'Stadiums-Room'], ['Stadiums-Network']]);
});
