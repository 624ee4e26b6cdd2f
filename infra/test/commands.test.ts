// populate, status, tune, throughput and room, against the stand-in for the AWS CLI.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

import { getEvent } from '../lib/event.ts';
import { aws } from '../scripts/aws.ts';
import { populate } from '../scripts/populate.ts';
import { Account, type Answer, sharedThere, stacksAnswer } from './account.ts';

const invoke = 'lambda invoke --function-name Stadiums-Populate';

test('populate says how many rows there are, and waits for it longer than the CLI by itself', async () => {
    const account = new Account({ when: invoke, out: { StatusCode: 200 }, file: '{"rows":32}' });
    account.enter();
    assert.equal(await populate(), 32);
    assert.match(account.calls()[0] ?? '', /--cli-read-timeout 120 --payload fileb:\/\//);
});

test('a populate that fails says why, and that nothing was taken back', async () => {
    const message = 'error connecting to server: PAM authentication failed';
    new Account({ when: invoke, out: { FunctionError: 'Unhandled' }, file: JSON.stringify({ errorType: 'PopulateFailed', errorMessage: message }) }).enter();
    await assert.rejects(populate(), /PAM authentication failed\nEverything is deployed and stays.*aws logs tail \/aws\/lambda\/Stadiums-Populate/s);
});

test('the CLI repeats what is throttled, unless somebody says otherwise', async () => {
    new Account({ when: 'sts', error: 'An error occurred (Throttling) when calling the GetCallerIdentity operation: Rate exceeded' }).enter();
    await assert.rejects(aws('sts', 'get-caller-identity'), { code: 'Throttling' });
});

test('status: what is there, since when, and what it cost', async () => {
    const ended = await new Account(stacksAnswer(...sharedThere, ['Stadiums-ada-Step05', 'UPDATE_COMPLETE'])).run('status');
    assert.equal(ended.status, 0, ended.stderr);
    assert.match(ended.stdout, /Stadiums-Database +CREATE_COMPLETE +[\d.]+ +0\.1030 +[\d.]+\n/);
    assert.match(ended.stdout, /Stadiums-ada-Step05 +UPDATE_COMPLETE +[\d.]+\n/);
    assert.match(ended.stdout, /together +[\d.]+\n/);
    const empty = await new Account(stacksAnswer()).run('status');
    assert.match(empty.stdout, /no stack of this workshop is in it/);
});

const machine = 'arn:aws:states:us-east-1:123456789012:stateMachine:powerTuningStateMachine';
const tuning = (visualization: string): Answer[] => [
    { when: 'cloudformation describe-stacks --stack-name Stadiums-PowerTuning', out: { Stacks: [{ Outputs: [{ OutputKey: 'StateMachine', OutputValue: machine }] }] } },
    { when: 'lambda get-function-configuration --function-name Stadiums-Step05', out: { FunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:Stadiums-Step05' } },
    { when: `stepfunctions start-execution --state-machine-arn ${machine}`, out: { executionArn: 'arn:1' } },
    { when: 'stepfunctions describe-execution', out: { status: 'RUNNING' }, once: true },
    { when: 'stepfunctions describe-execution --execution-arn arn:1', out: { status: 'SUCCEEDED', output: JSON.stringify({ power: 512, stateMachine: { visualization } }) } },
];
const deployed = { 'Stadiums-Step05': { Step: '05-elasticache', Url: 'https://x', FunctionName: 'Stadiums-Step05' } };

test('tune invokes with an event of an HTTP API, and reads all sizes from the address of the picture', async () => {
    // One that Power Tuning made for somebody: 128, 256, 512, 1024, 3008 MB.
    const picture = 'https://lambda-power-tuning.show/#gAAAAQACAAQACMAL;RNQiRCxpnENjiRBDp42jQjDWjEIwFolC;VsSUNaLVjjW0VoQ1+62VNcOZATYr/Tg2';
    const account = new Account(...tuning(picture));
    writeFileSync(account.path('outputs.json'), JSON.stringify(deployed));
    const ended = await account.run('tune', '05');
    assert.equal(ended.status, 0, ended.stderr);
    const kept = JSON.parse(readFileSync(account.path('05-elasticache.json'), 'utf8'));
    assert.deepEqual(kept.sizes.map((it: { memory: number }) => it.memory), [128, 256, 512, 1024, 2048, 3008]);
    assert.ok(Math.abs(kept.sizes[0].milliseconds - 651.32) < 0.01, JSON.stringify(kept.sizes[0]));
    const start = account.calls().find((it) => it.includes('start-execution')) ?? '';
    assert.ok(start.includes(`"payload":${JSON.stringify(getEvent)}`), start);
});

test('a picture of another form, and a stack that is not there, are told', async () => {
    const account = new Account(...tuning('https://lambda-power-tuning.show/#gAAA;RNQi'));
    writeFileSync(account.path('outputs.json'), JSON.stringify(deployed));
    assert.match((await account.run('tune', '05')).stderr, /another form than expected/);
    const missing = new Account({ when: 'cloudformation describe-stacks', error: 'An error occurred (ValidationError) when calling the DescribeStacks operation: Stack with id Stadiums-PowerTuning does not exist' });
    writeFileSync(missing.path('outputs.json'), JSON.stringify(deployed));
    assert.match((await missing.run('tune', '05')).stderr, /npm run deploy -- 05 -c power-tuning=true/);
});

test('throughput: on with its price, and off', async () => {
    const account = new Account({ when: 'ssm update-service-setting' }, { when: 'ssm reset-service-setting' });
    assert.match((await account.run('throughput', 'on')).stdout, /10000 GetParameter requests a second, and each 10,000 cost 0.05 USD.*-- off/s);
    assert.match((await account.run('throughput', 'off')).stdout, /usual quota/);
    assert.equal(account.calls().length, 2);
    assert.equal((await account.run('throughput', 'up')).status, 1);
});

test('a room is refused before anything is asked or deployed where its names will not do', async () => {
    const account = new Account();
    const names = (text: string): string => {
        writeFileSync(account.path('names.txt'), text);
        return account.path('names.txt');
    };
    assert.match((await account.run('room', names('ada\n# who\n\nben\nada\n'), '--step', '05')).stderr, /ada is there twice/);
    assert.match((await account.run('room', names('Ada Lovelace\n'), '--step', '05')).stderr, /owner is "Ada Lovelace"/);
    assert.match((await account.run('room', names('\n'), '--step', '05')).stderr, /no name is in it/);
    assert.deepEqual(account.calls(), []);
});

test('a room counts its people before it deploys', async () => {
    const account = new Account({ when: 'lambda get-account-settings', out: { AccountLimit: { ConcurrentExecutions: 1 } } });
    writeFileSync(account.path('names.txt'), 'ada\nben\n');
    const ended = await account.run('room', account.path('names.txt'), '--step', 'floor', '--yes');
    assert.equal(ended.status, 1);
    assert.match(ended.stdout, /stop +concurrency: 1 environments.*0 for each of 2 people/);
    assert.match(ended.stderr, /Nothing was deployed/);
});
