// Prices, names, missing builds, and what cdk-nag finds.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { acknowledgements, check, ids } from '../lib/acknowledgements.ts';
import { build } from '../lib/app.ts';
import { bootstrap, buildCommand, placeholder } from '../lib/bootstrap.ts';
import { Prices, sharedStacks, standingNote, table } from '../lib/prices.ts';
import { fromOptions } from '../lib/settings.ts';
import { loadWorkspace, repository, select } from '../lib/workspace.ts';
import { app, copyOfRepository } from './support.ts';

const workspace = loadWorkspace();

test('every acknowledgement meets a finding, and every finding is acknowledged', () => {
    // As for one person, and as for a room whose hours are counted.
    const room = { room: 'ada', steps: 'Step05', expires: '2026-11-28T22:00:00.000Z', expiring: 'Stadiums-ada-Step05' };
    const findings: string[] = [];
    for (const settings of [{}, room]) {
        const it = app({ '@aws-cdk/core:failSynthOnValidationErrors': false, ...settings });
        build(it, workspace);
        check(it, []);
        const { directory } = it.synth();
        const report = JSON.parse(readFileSync(join(directory, 'validation-report.json'), 'utf8'));
        for (const { violations } of report.pluginReports) {
            for (const { ruleName, violatingConstructs } of violations) {
                for (const { constructPath } of violatingConstructs) {
                    findings.push(`${constructPath.split('/')[0]} ${ruleName}`);
                }
            }
        }
    }
    assert.ok(findings.length > 20);
    const meets = (finding: string, { id, stacks }: (typeof acknowledgements)[number]): boolean => {
        const [stack = '', rule] = finding.split(' ');
        return stacks.test(stack) && ids(app(room), id).includes(rule ?? '');
    };
    for (const finding of findings) assert.ok(acknowledgements.some((it) => meets(finding, it)), finding);
    for (const it of acknowledgements) assert.ok(findings.some((finding) => meets(finding, it)), it.id);
});

test('5, 05, 05-elasticache, step-05-elasticache and Step05 are the same step', () => {
    for (const name of ['5', '05', '05-elasticache', 'step-05-elasticache', 'Step05']) {
        assert.deepEqual(select(workspace, [name]).map((it) => it.id), ['Step05'], name);
    }
    assert.throws(() => select(workspace, ['98']), /there is no step 98. The steps are: 00-unoptimized, /);
});

test('a function that is not built, or built for another machine, says which command builds it', () => {
    const copy = loadWorkspace(copyOfRepository());
    const [step] = select(copy, ['06']);
    assert.ok(step);
    const command = 'cargo lambda build --release --arm64 -p step-06-graviton';
    assert.equal(buildCommand(step).join(' '), command);
    const [own] = select(workspace, ['15']);
    const ownProfile = 'cargo lambda build --profile small --arm64 -p step-15-release-profile';
    assert.equal(buildCommand(own!).join(' '), ownProfile);
    const missing = bootstrap(copy, step);
    assert.equal(missing.path, placeholder);
    assert.match(missing.problem ?? '', /06-graviton is not built: run `cargo lambda build .* step-06-graviton` in /);

    const folder = join(copy.target, 'lambda/06-graviton');
    const elf = (machine: number): Buffer => Buffer.from([0x7f, 0x45, 0x4c, 0x46, ...Array(14).fill(0), machine, 0]);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'bootstrap'), elf(0x3e));
    assert.match(bootstrap(copy, step).problem ?? '', /is for x86_64, the manifest says arm64: run `cargo lambda build/);
    writeFileSync(join(folder, 'bootstrap'), elf(0xb7));
    assert.deepEqual(bootstrap(copy, step), { path: folder });
});

test('what stands is what facts.toml says, multiplied', () => {
    const copy = copyOfRepository();
    const facts = join(copy, 'data/facts.toml');
    const text = readFileSync(facts, 'utf8');
    writeFileSync(facts, text.replace(/^vpc_endpoint_hour = \{ value = [0-9.]+/m, 'vpc_endpoint_hour = { value = 5'));
    const endpoint = new Prices(copy).standing().find((it) => it.stack === 'Network');
    assert.equal(endpoint?.usdPerHour, 10);
    writeFileSync(facts, text.replace('unit = "USD/h", source = "aws.amazon.com/privatelink', 'unit = "USD/day", source = "'));
    assert.throws(() => new Prices(copy).standing(), /prices.network.vpc_endpoint_hour must be a number in USD\/h/);
});

test('what is left of the shared stacks is told with what it costs', () => {
    const prices = new Prices(repository);
    const whole = prices.standing().reduce((sum, it) => sum + it.usdPerHour, 0);
    const left = standingNote(prices, ['Stadiums-Network', 'Stadiums-Database', 'Stadiums-Cache', 'Stadiums-Step05']);
    assert.ok(left?.includes(`${whole.toFixed(4)} USD per hour`), left);
    assert.equal(standingNote(prices, ['Stadiums-Step05', 'Stadiums-Populate']), undefined);
});

test('an option that nobody reads, or with a value that does not fit, is refused before anything is built', () => {
    assert.equal(fromOptions(['owner=ada']).owner, 'ada');
    assert.equal(fromOptions(['@aws-cdk/core:stackRelativeExports=true']).owner, undefined);
    for (const option of ['owner=Ada!', 'owner', 'powertuning=true', 'budget=20', 'zones=a', 'rate=0', 'hours=x', 'attendee=true', 'room=a', 'extension-arn=x']) {
        assert.throws(() => fromOptions([option]), option);
    }
});

test('a package of a release is taken where nothing is built', () => {
    const copy = loadWorkspace(copyOfRepository());
    const [step] = select(copy, ['06']);
    assert.ok(step);
    mkdirSync(join(copy.target, 'zips'), { recursive: true });
    const zip = join(copy.target, 'zips/06-graviton-arm64.zip');
    writeFileSync(zip, 'a zip');
    assert.deepEqual(bootstrap(copy, step), { path: zip });
});

test('the table tells the throttle, the metrics and the credits', () => {
    const text = table(new Prices(repository), ['Database'], select(workspace, ['05']), 20);
    assert.match(text, /The throttle is 20 requests\/s: .* costs at most [\d.]+ a day at 100 ms/);
    assert.match(text, /Metrics, made of log lines: 3 a step, 0.30 each for a month/);
    assert.match(text, /A vCPU of the database that is busy for longer than its credits last: 0.09 an hour/);
});

test('the table counts what the steps need and no more', () => {
    const prices = new Prices(repository);
    const needs = (...names: string[]): string[] => sharedStacks(select(workspace, names));
    assert.deepEqual(needs('floor'), []);
    assert.deepEqual(needs('04', 'floor'), ['Network', 'Database', 'Populate']);
    assert.deepEqual(needs('05'), ['Network', 'Database', 'Populate', 'Cache']);
    assert.match(table(prices, needs('04'), select(workspace, ['04'])), /RDS Proxy/);
    assert.doesNotMatch(table(prices, needs('04'), select(workspace, ['04'])), /Valkey/);
});
