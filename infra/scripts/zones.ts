// Which Availability Zones have everything that the shared stacks put into them.

import { engine, instanceClass } from '../lib/database.ts';
import { project } from '../lib/names.ts';
import { zoneCount } from '../lib/network.ts';
import { aws } from './aws.ts';
import type { Subject } from './checks.ts';
import { toMake } from './checks.ts';
import { type Finding, look, ok, stop } from './finding.ts';

/** RDS Proxy does not exist in this zone of us-east-1. Its name differs from account to account, its id does not. */
const withoutProxy = 'use1-az3';

/** The zones of each offer of the database's class and version; empty where there is none. */
export async function orderable(): Promise<string[][]> {
    const { OrderableDBInstanceOptions: options } = await aws<{
        OrderableDBInstanceOptions: { AvailabilityZones: { Name: string }[] }[];
    }>(
        ...['rds', 'describe-orderable-db-instance-options', '--engine', engine.engine],
        ...['--engine-version', engine.engineVersion, '--db-instance-class', instanceClass],
    );
    return options.map((it) => it.AvailabilityZones.map((zone) => zone.Name));
}

/** Zones of the Region, and why one of them will not do. */
interface Zones {
    readonly good: readonly string[];
    readonly bad: ReadonlyMap<string, string>;
    /** What could not be asked. */
    readonly unknown: readonly string[];
}

async function zones(subject: Subject): Promise<Zones> {
    const endpoint = `com.amazonaws.${subject.region}.ssm`;
    const unknown: string[] = [];
    const attempt = async (what: string, ask: () => Promise<string[]>): Promise<string[] | undefined> =>
        ask().catch(() => void unknown.push(what)) as Promise<string[] | undefined>;
    const [all, database, endpoints] = await Promise.all([
        aws<{ AvailabilityZones: { ZoneName: string; ZoneId: string }[] }>(
            ...['ec2', 'describe-availability-zones', '--filters', 'Name=zone-type,Values=availability-zone'],
        ),
        toMake(subject, 'Database') ? attempt(instanceClass, async () => (await orderable()).flat()) : undefined,
        attempt('endpoint of Parameter Store', async () => {
            const answer = await aws<{ ServiceDetails: { AvailabilityZones: string[] }[] }>(
                ...['ec2', 'describe-vpc-endpoint-services', '--service-names', endpoint],
            );
            return answer.ServiceDetails.flatMap((it) => it.AvailabilityZones);
        }),
    ]);
    const bad = new Map<string, string>();
    for (const { ZoneName: name, ZoneId: id } of all.AvailabilityZones) {
        if (id === withoutProxy) bad.set(name, 'no RDS Proxy');
        // Where nothing is offered at all, another check says so.
        else if (database?.length && !database.includes(name)) bad.set(name, `no ${instanceClass}`);
        else if (endpoints && !endpoints.includes(name)) bad.set(name, 'no endpoint of Parameter Store');
    }
    const names = all.AvailabilityZones.map((it) => it.ZoneName).sort();
    return { good: names.filter((it) => !bad.has(it)), bad, unknown };
}

/** What `npm run doctor` says of them. */
export async function zoneFindings(subject: Subject): Promise<Finding[]> {
    const what = 'Availability Zones';
    const { good, bad, unknown } = await zones(subject);
    const reasons = [...bad].map(([zone, reason]) => `${zone} has ${reason}`).join(', ');
    const findings = unknown.map((it) => look(what, `where the ${it} is could not be asked`));
    const given = subject.settings.zones?.filter((it) => !good.includes(it)) ?? [];
    if (given.length > 0) return [...findings, stop(what, `-c zones: ${given.join(', ')} will not do. ${reasons}`)];
    if (good.length < zoneCount) {
        return [...findings, stop(what, `${zoneCount} are needed, and ${subject.region} has ${good.length}. ${reasons}: take another Region`)];
    }
    return [...findings, ok(what, [good.slice(0, zoneCount).join(' and '), reasons].filter(Boolean).join('; '))];
}

/** The zones to deploy into: those of the network that is there, else the first good ones. */
export async function chosenZones(subject: Subject): Promise<readonly string[]> {
    if (subject.settings.zones) return subject.settings.zones;
    if (!toMake(subject, 'Network')) {
        const filter = ['--filters', `Name=tag:project,Values=${project}`];
        const { Subnets } = await aws<{ Subnets: { AvailabilityZone: string }[] }>('ec2', 'describe-subnets', ...filter);
        const names = [...new Set(Subnets.map((it) => it.AvailabilityZone))].sort();
        if (names.length === zoneCount) return names;
    }
    return (await zones(subject)).good.slice(0, zoneCount);
}
