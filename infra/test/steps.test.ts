// A step's stack is what its manifest says.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { loadWorkspace } from '../lib/workspace.ts';
import { copyOfRepository, only, resources, synthesise, template } from './support.ts';

const here = synthesise();

/** The function of a step, not those that CDK brings. */
function stepFunction(stack: string): Record<string, any> {
    return only(resources(here, 'AWS::Lambda::Function', stack)).Properties;
}

test('every step has its stack', () => {
    const expected = here.workspace.steps.map((it) => it.id);
    assert.ok(expected.length >= 9);
    assert.deepEqual([...here.templates.keys()].filter((id) => id.startsWith('Step')).sort(), [...expected].sort());
});

for (const step of here.workspace.steps) {
    test(`${step.name}: memory, architecture, timeout, tracing and extension are the manifest's`, () => {
        const found = stepFunction(step.id);
        assert.equal(found['MemorySize'], step.memory);
        assert.deepEqual(found['Architectures'], [step.architecture]);
        assert.equal(found['Timeout'], step.timeout);
        assert.equal(found['TracingConfig'].Mode, step.tracing ? 'Active' : 'PassThrough');
        assert.equal((found['Layers'] ?? []).length, step.extension ? 1 : 0);
        assert.equal(found['Runtime'], 'provided.al2023');
    });

    test(`${step.name}: its stack waits for what the manifest names and for nothing else`, () => {
        const expected = [
            ...(step.services.length > 0 ? ['Network'] : []),
            ...(step.services.includes('database') ? ['Database', 'Populate'] : []),
            ...(step.services.includes('cache') ? ['Cache'] : []),
        ];
        assert.deepEqual([...(here.dependencies.get(step.id) ?? [])].sort(), expected.sort());
    });

    test(`${step.name}: the API answers GET / alone, throttled and with an access log`, () => {
        assert.equal(only(resources(here, 'AWS::ApiGatewayV2::Route', step.id)).Properties['RouteKey'], 'GET /');
        const stage = only(resources(here, 'AWS::ApiGatewayV2::Stage', step.id)).Properties;
        assert.equal(stage['DefaultRouteSettings'].ThrottlingRateLimit, 20);
        assert.ok(stage['AccessLogSettings'].DestinationArn);
    });

    test(`${step.name}: the outputs are what the lab reads`, () => {
        const outputs = template(here, step.id).Outputs ?? {};
        const names = ['Architecture', 'FunctionName', 'Memory', 'Region', 'Step', 'Url'];
        assert.deepEqual(Object.keys(outputs).sort(), names);
        assert.equal(outputs['Step']?.Value, step.name);
        assert.equal(outputs['Memory']?.Value, String(step.memory));
        assert.equal(outputs['Architecture']?.Value, step.architecture);
    });
}

test('a load test asks for its own rate', () => {
    const there = synthesise({ rate: '500' });
    const { DefaultRouteSettings: settings } = only(resources(there, 'AWS::ApiGatewayV2::Stage', 'Step05')).Properties;
    assert.deepEqual([settings.ThrottlingRateLimit, settings.ThrottlingBurstLimit], [500, 500]);
});

test('a step with a cache holds it, so that it is not deleted before the step', () => {
    const imports = (stack: string): string => JSON.stringify(template(here, stack).Resources);
    assert.match(imports('Step05'), /"Fn::ImportValue":"Stadiums-Cache:/);
    assert.doesNotMatch(imports('Step04'), /Stadiums-Cache/);
});

test('populate is invoked by no resource: a failure rolls nothing back', () => {
    const types = Object.values(template(here, 'Populate').Resources).map((it) => it.Type);
    assert.deepEqual(types.filter((it) => /^Custom::|CustomResource/.test(it)), []);
    assert.equal(resources(here, 'AWS::Lambda::Function', 'Populate').length, 1);
});

test('a package is the function alone, whatever else the build left beside it', () => {
    const copy = copyOfRepository();
    const folder = join(copy, 'nothing-is-built/lambda/floor');
    mkdirSync(folder, { recursive: true });
    const elf = Buffer.from([0x7f, 0x45, 0x4c, 0x46, ...Array(14).fill(0), 0x3e, 0]);
    writeFileSync(join(folder, 'bootstrap'), elf);
    writeFileSync(join(folder, 'bootstrap.zip'), 'a zip');
    // Two: the placeholder, and this one.
    assert.deepEqual(synthesise({}, copy).packages, [['bootstrap'], ['bootstrap']]);
});

test('a layer that is given is the one of its architecture', () => {
    const arn = 'arn:aws:lambda:me-central-1:123456789012:layer:AWS-Parameters-and-Secrets-Lambda-Extension-Arm64:27';
    const there = synthesise({ 'extension-arn': arn });
    const layers = (stack: string): unknown => only(resources(there, 'AWS::Lambda::Function', stack)).Properties['Layers'];
    assert.deepEqual(layers('Step06'), [arn]);
    assert.notDeepEqual(layers('Step05'), [arn]);
});

test('a room is the steps of every name, and no step of nobody', () => {
    const there = synthesise({ room: 'ada,ben', steps: 'Step05' });
    const steps = [...there.names].filter(([id]) => id.includes('Step')).map(([, name]) => name);
    assert.deepEqual(steps.sort(), ['Stadiums-ada-Step05', 'Stadiums-ben-Step05']);
});

test('no cache is paid for before 05, and no database by the floor', () => {
    for (const id of ['Step00', 'Step01', 'Step02', 'Step03', 'Step04']) {
        assert.ok(!here.dependencies.get(id)?.has('Cache'), id);
    }
    assert.ok(here.dependencies.get('Step05')?.has('Cache'));
    assert.deepEqual([...(here.dependencies.get('StepFloor') ?? [])], []);
});

test('arm64 is asked for by 06 and 07 and by no other step of the ladder', () => {
    const arm64 = here.workspace.steps.filter((it) => stepFunction(it.id)['Architectures'][0] === 'arm64');
    assert.deepEqual(arm64.filter((it) => it.id <= 'Step07').map((it) => it.id), ['Step06', 'Step07']);
});

test('a copied crate is a stack, and no other stack changes', () => {
    const copy = copyOfRepository();
    const [from, to] = [join(copy, 'steps/05-elasticache'), join(copy, 'steps/99-x')];
    cpSync(from, to, { recursive: true });
    const manifest = join(to, 'Cargo.toml');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replaceAll('05-elasticache', '99-x'));

    const there = synthesise({}, copy);

    const added = [...there.templates.keys()].filter((id) => !here.templates.has(id));
    assert.deepEqual(added, ['Step99']);
    for (const [id, before] of here.templates) assert.deepEqual(there.templates.get(id), before, id);
});

test('another memory size in one manifest changes exactly one stack', () => {
    const copy = copyOfRepository();
    const manifest = join(copy, 'steps/05-elasticache/Cargo.toml');
    const text = readFileSync(manifest, 'utf8');
    const changed = text.replace(/^memory = \d+$/m, 'memory = 640');
    assert.notEqual(changed, text);
    writeFileSync(manifest, changed);

    const there = synthesise({}, copy);

    const differing = [...there.templates].filter(([id, it]) => {
        return JSON.stringify(it) !== JSON.stringify(here.templates.get(id));
    });
    assert.deepEqual(differing.map(([id]) => id), ['Step05']);
});

test('a memory size that Lambda does not have is refused before anything is priced or built', () => {
    const copy = copyOfRepository();
    const manifest = join(copy, 'steps/05-elasticache/Cargo.toml');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(/^memory = \d+$/m, 'memory = 100'));
    assert.throws(() => loadWorkspace(copy), /05-elasticache.*from 128 to 10240 for memory, not 100/);
});

test('the variables of a manifest are the function\'s, references to parameters among them', () => {
    const copy = copyOfRepository();
    const manifest = join(copy, 'steps/05-elasticache/Cargo.toml');
    const user = '{{resolve:ssm:/stadiums/database/user}}';
    const variables = `[package.metadata.lambda.deploy.env]\nDATABASE_USER = "${user}"\n`;
    writeFileSync(manifest, `${readFileSync(manifest, 'utf8')}\n${variables}`);
    const found = only(resources(synthesise({}, copy), 'AWS::Lambda::Function', 'Step05')).Properties;
    assert.equal(found['Environment'].Variables['DATABASE_USER'], user);
});

test('two crates of one number are refused by name', () => {
    const copy = copyOfRepository();
    const to = join(copy, 'steps/05-y');
    cpSync(join(copy, 'steps/05-elasticache'), to, { recursive: true });
    const manifest = join(to, 'Cargo.toml');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replaceAll('05-elasticache', '05-y'));
    assert.throws(() => synthesise({}, copy), /05-elasticache and 05-y would both be the stack Step05/);
});

test('an owner is in the names of the step stacks and of no shared stack', () => {
    const there = synthesise({ owner: 'ada' });
    for (const [id, name] of there.names) {
        assert.equal(name, id.startsWith('Step') ? `Stadiums-ada-${id}` : `Stadiums-${id}`);
    }
    assert.throws(() => synthesise({ owner: 'Ada Lovelace' }), /owner is "Ada Lovelace"/);
});
